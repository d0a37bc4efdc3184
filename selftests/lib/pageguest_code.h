/* SPDX-License-Identifier: GPL-2.0 */
/* Between pageguest.c and pageguest_code.c: the code for each paging mode. */
#ifndef SELFTESTS_PAGEGUEST_CODE_H
#define SELFTESTS_PAGEGUEST_CODE_H

struct page_code_text {
	const unsigned char *begin;
	const unsigned char *end;
};

/**
 * struct page_codes - code for a paging mode
 * @loop: works off the list; at GUEST_CODE_AT
 * @access: read, and 16 bytes on, write; at PAGE_SUPER_AT and PAGE_SNIPPETS_AT
 * @bp: handlers of exceptions
 * @ud: likewise
 * @gp: likewise
 * @pf: likewise
 */
struct page_codes {
	struct page_code_text loop;
	struct page_code_text access;
	struct page_code_text bp;
	struct page_code_text ud;
	struct page_code_text gp;
	struct page_code_text pf;
};

extern const struct page_codes page_codes64, page_codes_pae, page_codes32;

#endif /* SELFTESTS_PAGEGUEST_CODE_H */
