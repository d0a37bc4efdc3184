/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where things are in the process that runs a program: fixed addresses and fixed
 * descriptors, so that a program's text means the same each time.
 */
#ifndef FUZZ_LAYOUT_H
#define FUZZ_LAYOUT_H

/* Calls that change mappings are kept inside; the fuzzer's own memory is elsewhere. */
#define ARENA		0x1000000000ULL
#define ARENA_END	0x1800000000ULL

/* Memory for guests: 4 MiB that can be huge pages twice, 64 KiB, 64 KiB to read. */
#define MEM_STRIDE	0x10000000ULL
#define MEM(i)		(ARENA + (i) * MEM_STRIDE)
#define NR_MEM		4
#define MEM_BIG		0x400000ULL
#define MEM_SMALL	0x10000ULL

/* Run areas of vCPUs. */
#define RUN_STRIDE	0x10000ULL
#define RUN(i)		(ARENA + 0x80000000ULL + (i) * RUN_STRIDE)

/*
 * Arguments: 60 KiB, then a page to read only, then nothing.  ARG is what a
 * program says; each thread has its own.
 */
#define ARG		(ARENA + 0xa0000000ULL)
#define ARG_STRIDE	0x100000ULL
#define ARG_READONLY	0xf000ULL
#define ARG_END		0x10000ULL
#define ARG_STRUCT	0x1000ULL
#define ARG_ARRAY	0x4000ULL
#define ARG_BUFFER	0x6000ULL

/* Descriptors. */
#define FD_KEEL		100
#define FD_VM(i)	(110 + (i))
#define NR_VMS		3
#define FD_VCPU(i)	(120 + (i))
#define NR_VCPUS	6
#define FD_EVENT(i)	(130 + (i))
#define NR_EVENTS	4
#define FD_SOCKET(i)	(140 + (i))
#define FD_NULL		142
#define FD_FIRST	FD_KEEL
#define FD_LAST		FD_NULL

/* Threads that a program may have; thread 0 runs before the others. */
#define MAX_THREADS	8

#endif /* FUZZ_LAYOUT_H */
