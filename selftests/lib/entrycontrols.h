/* SPDX-License-Identifier: GPL-2.0 */
/* Changes to controls, host state and what they lead to: see entrycontrols.c. */
#ifndef SELFTESTS_ENTRYCONTROLS_H
#define SELFTESTS_ENTRYCONTROLS_H

struct entry_state;

void entry_change_controls(struct entry_state *s);

#endif /* SELFTESTS_ENTRYCONTROLS_H */
