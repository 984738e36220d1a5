// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether this kernel takes signed modules only, and who signed the one that modprobe would load. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../include/version.h"
#include "base/array.h"
#include "facts/facts.h"
#include "system/run.h"
#include "system/tree.h"

#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define PROGRAM_MS 5000

/* Four bytes of attributes come before the value. */
static bool secure_boot(void)
{
	size_t len;
	char *variable = file_read(SECURE_BOOT, &len);
	bool on = variable && len == 5 && variable[4] == 1;

	free(variable);
	return on;
}

/* "none [integrity] confidentiality" */
static void gather_lockdown(char *mode, size_t len)
{
	char line[100], *begin;

	if (!file_read_line("/sys/kernel/security/lockdown", line, sizeof(line)))
		return;
	begin = strchr(line, '[');
	if (begin && strncmp(begin, "[none]", 6))
		snprintf(mode, len, "%.*s", (int)strcspn(begin + 1, "]"), begin + 1);
}

/* modinfo knows each way of compressing a module; not each one knows the signer's name. */
static void gather_signer(struct signing_facts *s, const char *kernel, const char *module)
{
	static const char id[] = "\nsig_id:", name[] = "\nsigner:";
	char path[300], full[FILE_PATH_MAX];
	struct run_result res;
	const char *signer;

	snprintf(path, sizeof(path), "/lib/modules/%.80s/%.160s", kernel, module);
	s->signer_known = run(&res, PROGRAM_MS, (const char *const[]){ "modinfo", file_path(full, path), NULL });
	signer = strstr(res.out, name);
	if (s->signer_known && signer) {
		signer += strlen(name);
		signer += strspn(signer, " \t");
		snprintf(s->signer, sizeof(s->signer), "%.*s", (int)strcspn(signer, "\n"), signer);
	}
	if (s->signer_known && !s->signer[0] && strstr(res.out, id))
		strcpy(s->signer, "unknown");
	run_free(&res);
}

/* What the kernel's module signing and its lockdown print, each with or without the module's name */
static void gather_refusal(struct signing_facts *s)
{
	static const char *const refusals[] = { "oading of unsigned module is rejected",
		"oading of module with unavailable key is rejected", "unsigned module loading is restricted" };
	struct run_result res;

	if (run(&res, PROGRAM_MS, (const char *const[]){ "dmesg", NULL }))
		for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
			s->refused |= !!strstr(res.out, refusals[i]);
	run_free(&res);
}

void check_gather_signing(struct check_facts *f)
{
	static const char *const keys[] = { "/var/lib/dkms/mok.pub", "/var/lib/shim-signed/mok/MOK.der" };
	struct signing_facts *s = &f->signing;
	char enforce[8];

	s->secure_boot = secure_boot();
	gather_lockdown(s->lockdown, sizeof(s->lockdown));
	file_read_line("/sys/module/module/parameters/sig_enforce", enforce, sizeof(enforce));
	s->enforced = s->lockdown[0] || enforce[0] == 'Y';
	for (size_t i = ARRAY_SIZE(keys); i--;)
		if (file_exists(keys[i]))
			s->key = keys[i];
	s->in_dkms = file_exists("/var/lib/dkms/ptp_kvm/" PTP_KVM_VERSION "/source");
	if (f->offline || f->driver != DRIVER_NONE || !s->enforced || !f->module[0])
		return;
	gather_signer(s, f->kernel, f->module);
	gather_refusal(s);
}
