// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "base/text.h"
#include "output/steps.h"
#include "output/text.h"
#include "system/tree.h"

static void step(const char *verb, const char *path)
{
	print("%-11s %s%s", verb, file_root, path);
}

void steps_print(const struct install *in, bool with_text)
{
	for (int i = 0; i < in->n; i++) {
		const struct install_file *f = &in->files[i];
		bool writes = f->text && (f->what == INSTALL_WRITE || f->what == INSTALL_SAVE);

		/* Without a journal nobody knows whether it was edited. */
		step(f->what == INSTALL_SAVE && !f->has_was ? "save" : install_verb(f->what), f->path);
		if (f->what == INSTALL_SAVE)
			print(" as %s\n", base_name(f->saved));
		else
			print("%s\n", f->what == INSTALL_LEAVE ? ", which is somebody else's" : "");
		if (f->what == INSTALL_SAVE) {
			step(install_verb(writes ? INSTALL_WRITE : INSTALL_REMOVE), f->path);
			print("\n");
		}
		if (writes && with_text)
			text_lines(stdout, "    ", f->text);
	}
}
