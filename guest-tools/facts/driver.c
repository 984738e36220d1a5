// SPDX-License-Identifier: GPL-2.0-or-later
/* Why there is no driver: who signed the module, what was said when it was to be loaded, what it is built of. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "facts/driver.h"
#include "facts/facts.h"
#include "facts/ours.h"
#include "system/run.h"
#include "system/tree.h"

#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define PROGRAM_MS 5000

int driver_refusal(const char *said)
{
	/* Of kmod's modprobe, then musl's words for it, then the driver's and ours */
	static const struct {
		const char *words;
		int error;
	} refusals[] = {
		{ "Operation not supported", EOPNOTSUPP }, { "Not supported", EOPNOTSUPP },
		{ "host refuses", EOPNOTSUPP },
		{ "Function not implemented", ENOSYS }, { "host does not know", ENOSYS },
		{ "No such device", ENODEV }, { "not a KVM guest", ENODEV },
		{ "odule ptp_kvm not found", ENOENT }, { "no module ptp_kvm", ENOENT },
		{ "Key was rejected by service", EKEYREJECTED }, { "Required key not available", EKEYREJECTED },
		{ "Operation not permitted", EKEYREJECTED }, { "signed with a key", EKEYREJECTED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (strstr(said, refusals[i].words))
			return refusals[i].error;
	return 0;
}

const char *driver_refusal_text(int error)
{
	switch (error) {
	case EOPNOTSUPP:
		return HOST_REFUSES "; more: sudo ptpkvm check";
	case ENOSYS:
		return HOST_TOO_OLD "; more: sudo ptpkvm check";
	case ENOENT:
		return "there is no module ptp_kvm for this kernel; more: sudo ptpkvm check";
	case EKEYREJECTED:
		return "this kernel loads modules signed with a key that it knows; more: sudo ptpkvm check";
	default:
		return "the reason: sudo dmesg | grep ptp_kvm";
	}
}

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
static bool log_refuses_key(const char *log)
{
	static const char *const refusals[] = { "oading of unsigned module is rejected",
		"oading of module with unavailable key is rejected", "unsigned module loading is restricted" };

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (strstr(log, refusals[i]))
			return true;
	return false;
}

/* The last that the driver said. That of the kernel says nothing where the host refuses. */
static int log_refusal(const char *log)
{
	const char *last = NULL, *at;
	char line[200];

	for (at = log; (at = strstr(at, "ptp_kvm: ")); at++)
		last = at;
	if (!last)
		return 0;
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(last, "\n"), last);
	return driver_refusal(line);
}

void check_gather_missing(struct check_facts *f)
{
	struct run_result res;
	char said[400];

	if (f->offline || f->driver != DRIVER_NONE)
		return;
	f->log_read = run(&res, PROGRAM_MS, (const char *const[]){ "dmesg", NULL });
	if (f->log_read) {
		f->signing.refused = log_refuses_key(res.out);
		f->refusal = log_refusal(res.out);
	}
	run_free(&res);
	/* What modprobe said to prestart at chronyd's start, for everybody to read */
	if (!f->refusal && file_read_line(SETUP_REASON, said, sizeof(said)))
		f->refusal = driver_refusal(said);
	f->signing.refused |= f->refusal == EKEYREJECTED;
}

/* The last of the versions that DKMS has */
static void gather_dkms(char *version, size_t len)
{
	char **paths, *end;
	int n = file_glob("/var/lib/dkms/ptp_kvm/*/source", &paths);

	if (n > 0 && (end = strrchr(paths[n - 1], '/'))) {
		*end = 0;
		snprintf(version, len, "%s", base_name(paths[n - 1]));
	}
	file_glob_free(paths, n);
}

static void gather_headers(struct check_facts *f)
{
	static const char *const images[] = { "", "unsigned-" };
	char path[300];

	snprintf(path, sizeof(path), "/lib/modules/%s/build/include", f->kernel);
	f->headers = f->kernel[0] && file_exists(path);
	for (size_t i = 0; i < ARRAY_SIZE(images) && f->kernel[0]; i++) {
		snprintf(path, sizeof(path), "/var/lib/dpkg/info/linux-image-%s%s.list", images[i], f->kernel);
		f->packaged |= file_exists(path);
	}
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
	gather_dkms(s->dkms, sizeof(s->dkms));
	gather_headers(f);
	if (f->offline || f->driver != DRIVER_NONE || !s->enforced || !f->module[0])
		return;
	gather_signer(s, f->kernel, f->module);
}
