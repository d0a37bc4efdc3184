/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lists of CPUs as the kernel writes them: "0-3,6".
 */
#ifndef CPULIST_H
#define CPULIST_H

#include <stdio.h>

int cpulist_parse(const char *text, unsigned int **cpus);
int cpulist_online(unsigned int **cpus);
void cpulist_print(FILE *out, const unsigned int *cpus, unsigned int nr);

#endif /* CPULIST_H */
