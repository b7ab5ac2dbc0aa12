/* SPDX-License-Identifier: Apache-2.0 */
#include "trim.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* What cannot be written to: code and constants, which come back from the page cache. Looked up
 * beforehand, as looking would bring some of it back. */
#define RANGES_MAX 8
static struct range {
	void *start;
	size_t size;
} ranges[RANGES_MAX];
static size_t n_ranges;

/* The program itself is the first that is told of. */
static int note(struct dl_phdr_info *info, size_t size, void *data)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size, (void)data; /* the fields used are as old as the interface */
	for (ElfW(Half) i = 0; i < info->dlpi_phnum && n_ranges < RANGES_MAX; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		const uintptr_t start = (info->dlpi_addr + h->p_vaddr) & ~(page - 1);
		const uintptr_t end = info->dlpi_addr + h->p_vaddr + h->p_memsz;

		if (h->p_type == PT_LOAD && !(h->p_flags & PF_W))
			ranges[n_ranges++] = (struct range){ (void *)start, end - start };
	}
	return 1;
}

void trim_prepare(void)
{
	(void)dl_iterate_phdr(note, NULL); /* it returns what note does */
}

__attribute__((hot)) void trim(void)
{
	for (size_t i = 0; i < n_ranges; i++)
		(void)madvise(ranges[i].start, ranges[i].size, MADV_DONTNEED); /* or it stays */
}
