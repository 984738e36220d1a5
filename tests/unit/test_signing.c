// SPDX-License-Identifier: GPL-2.0-or-later
/* What ptpkvm check gathers of module signatures: in a tree of its own, with modinfo and dmesg played by scripts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/array.h"
#include "tree.h"

#include "../../guest-tools/facts/driver.c"

#define LOCKDOWN "/sys/kernel/security/lockdown"
#define MODULE "updates/dkms/ptp_kvm.ko.xz"

static struct check_facts facts;
static const struct signing_facts *const s = &facts.signing;

static void program(const char *name, const char *says, int status)
{
	char path[100], text[1000];

	snprintf(path, sizeof(path), "/bin/%s", name);
	snprintf(text, sizeof(text), "#!/bin/sh\necho \"$*\" >>%s/log\ncat <<'END'\n%sEND\nexit %d\n", tree, says, status);
	put_mode(path, text, 0755);
}

static int setup(void **state)
{
	(void)state;
	tree_make();
	tree_programs();
	program("modinfo", "filename: x\nversion:        0.1.0\n", 0);
	program("dmesg", "[    1.0] ptp_kvm: hello\n", 0);
	facts = (struct check_facts){ .kernel = "6.1.0-1", .module = MODULE };
	return 0;
}

static void test_secure_boot(void **state)
{
	(void)state;
	check_gather_signing(&facts);
	assert_false(s->secure_boot || s->enforced || s->signer_known || s->refused || s->key);
	put_bytes(SECURE_BOOT, "\6\0\0\0\1", 5);
	check_gather_signing(&facts);
	assert_true(s->secure_boot);
	/* A kernel that isn't locked down by it loads what it likes. */
	assert_false(s->enforced || s->signer_known);
	assert_string_equal(get("/log"), "");
	put_bytes(SECURE_BOOT, "\6\0\0\0\0", 5);
	check_gather_signing(&facts);
	assert_false(s->secure_boot);
	put_bytes(SECURE_BOOT, "\6\0\0\0\1\1", 6);
	check_gather_signing(&facts);
	assert_false(s->secure_boot);
	put_bytes(SECURE_BOOT, "\1", 1);
	check_gather_signing(&facts);
	assert_false(s->secure_boot);
}

static void test_lockdown(void **state)
{
	static const struct {
		const char *text, *mode;
	} cases[] = {
		{ "[none] integrity confidentiality\n", "" },
		{ "none [integrity] confidentiality\n", "integrity" },
		{ "none integrity [confidentiality]\n", "confidentiality" },
		{ "none integrity\n", "" },
		{ "none [integrity", "integrity" },
		{ "[a mode of more letters than there is room for]", "a mode of more " },
		{ "", "" },
		{ "[", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		facts.signing = (struct signing_facts){ .refused = false };
		put(LOCKDOWN, cases[i].text);
		check_gather_signing(&facts);
		assert_string_equal(s->lockdown, cases[i].mode);
		assert_int_equal(s->enforced, cases[i].mode[0] != 0);
	}
	put(LOCKDOWN, "[none] integrity\n");
	facts.signing = (struct signing_facts){ .refused = false };
	put("/sys/module/module/parameters/sig_enforce", "N\n");
	check_gather_signing(&facts);
	assert_false(s->enforced);
	put("/sys/module/module/parameters/sig_enforce", "Y\n");
	check_gather_signing(&facts);
	assert_true(s->enforced);
}

static void test_signer(void **state)
{
	(void)state;
	put(LOCKDOWN, "none [integrity] confidentiality\n");
	check_gather_signing(&facts);
	assert_true(s->signer_known);
	assert_string_equal(s->signer, "");
	has(get("/log"), "/lib/modules/6.1.0-1/" MODULE "\n");
	program("modinfo", "filename: x\nsig_id:         PKCS#7\nsigner:         DKMS module signing key\nsig_key: 00\n", 0);
	check_gather_signing(&facts);
	assert_string_equal(s->signer, "DKMS module signing key");
	/* A kmod without a library for that */
	facts.signing = (struct signing_facts){ .refused = false };
	program("modinfo", "filename: x\nsig_id:         PKCS#7\n", 0);
	check_gather_signing(&facts);
	assert_string_equal(s->signer, "unknown");
	facts.signing = (struct signing_facts){ .refused = false };
	put_mode("/bin/modinfo", "#!/bin/sh\nprintf '\\nsigner: %0200d\\n' 0\n", 0755);
	check_gather_signing(&facts);
	assert_int_equal(strlen(s->signer), sizeof(s->signer) - 1);
	facts.signing = (struct signing_facts){ .refused = false };
	program("modinfo", "", 1);
	check_gather_signing(&facts);
	assert_false(s->signer_known);
}

static void test_not_asked(void **state)
{
	(void)state;
	put(LOCKDOWN, "none [integrity] confidentiality\n");
	facts.offline = true;
	check_gather_signing(&facts);
	facts.offline = false;
	facts.driver = DRIVER_OURS;
	check_gather_signing(&facts);
	facts.driver = DRIVER_NONE;
	facts.module[0] = 0;
	check_gather_signing(&facts);
	assert_string_equal(get("/log"), "");
	assert_false(s->signer_known);
}

static void test_refused(void **state)
{
	static const char *const lines[] = {
		"[ 5.1] Lockdown: modprobe: unsigned module loading is restricted; see man kernel_lockdown.7\n",
		"[ 5.1] ptp_kvm: loading of unsigned module is rejected\n",
		"[ 5.1] Loading of unsigned module is rejected\n",
		"[ 5.1] Loading of module with unavailable key is rejected\n",
	};

	(void)state;
	check_gather_missing(&facts);
	assert_false(s->refused);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		facts.signing = (struct signing_facts){ .refused = false };
		program("dmesg", lines[i], 0);
		check_gather_missing(&facts);
		assert_true(s->refused);
	}
	facts.signing = (struct signing_facts){ .refused = false };
	program("dmesg", lines[0], 1);	/* as for an ordinary user, who is told nothing */
	check_gather_missing(&facts);
	assert_false(s->refused);
}

static void test_key(void **state)
{
	(void)state;
	put("/var/lib/shim-signed/mok/MOK.der", "");
	check_gather_signing(&facts);
	assert_string_equal(s->key, "/var/lib/shim-signed/mok/MOK.der");
	put("/var/lib/dkms/mok.pub", "");
	check_gather_signing(&facts);
	assert_string_equal(s->key, "/var/lib/dkms/mok.pub");
}

static void test_in_dkms(void **state)
{
	(void)state;
	check_gather_signing(&facts);
	assert_string_equal(s->dkms, "");
	put("/var/lib/dkms/ptp_kvm/kernel-6.1.0-1-x86_64/x", "");
	put("/var/lib/dkms/ptp_kvm/0.0.9/source", "");
	check_gather_signing(&facts);
	assert_string_equal(s->dkms, "0.0.9");
	put("/var/lib/dkms/ptp_kvm/0.1.0/source", "");
	check_gather_signing(&facts);
	assert_string_equal(s->dkms, "0.1.0");
}

static void test_headers(void **state)
{
	(void)state;
	check_gather_signing(&facts);
	assert_false(facts.headers || facts.packaged);
	put("/var/lib/dpkg/info/linux-image-unsigned-6.1.0-1.list", "");
	check_gather_signing(&facts);
	assert_true(facts.packaged);
	gone("/var/lib/dpkg/info/linux-image-unsigned-6.1.0-1.list");
	put("/var/lib/dpkg/info/linux-image-6.1.0-1.list", "");
	put("/lib/modules/6.1.0-1/build/include/x", "");
	facts.packaged = false;
	check_gather_signing(&facts);
	assert_true(facts.headers && facts.packaged);
	facts.kernel[0] = 0;
	check_gather_signing(&facts);
	assert_false(facts.headers);
}

/* What the driver said last counts; for who may not read that, what modprobe said to prestart. */
static void test_missing(void **state)
{
	static const struct {
		const char *log, *reason;
		int refusal;
	} cases[] = {
		{ "[ 1.0] ptp_kvm: the host refuses clock pairing, its own clocksource is not the TSC (-95)\n", "", EOPNOTSUPP },
		{ "[ 1.0] ptp_kvm: the host does not know the clock pairing call (-38)\n", "", ENOSYS },
		{ "[ 1.0] ptp_kvm: the host refuses clock pairing (-95)\n[ 9.0] ptp_kvm: ptp0 is the host's clock, type 0\n", "", 0 },
		{ "[ 1.0] x: the host refuses\n", "", 0 },
		{ "", "modprobe ptp_kvm: exit status 1: modprobe: ERROR: could not insert 'ptp_kvm': Operation not supported\n",
		  EOPNOTSUPP },
		{ NULL, "modprobe: can't load module ptp_kvm (x.ko): Not supported", EOPNOTSUPP },
		{ NULL, "modprobe ptp_kvm: ERROR: could not insert 'ptp_kvm': Function not implemented", ENOSYS },
		{ NULL, "modprobe: FATAL: Module ptp_kvm not found in directory /lib/modules/6.1.0-1", ENOENT },
		{ NULL, "modprobe: ERROR: could not insert 'ptp_kvm': Key was rejected by service", EKEYREJECTED },
		{ NULL, "held by " SETUP_HOLD, 0 },
		{ NULL, NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		facts.refusal = facts.signing.refused = 0;
		program("dmesg", cases[i].log ?: "", !cases[i].log);
		put(SETUP_REASON, cases[i].reason ?: "");
		check_gather_missing(&facts);
		assert_int_equal(facts.refusal, cases[i].refusal);
		assert_int_equal(facts.log_read, cases[i].log != NULL);
		assert_int_equal(facts.signing.refused, cases[i].refusal == EKEYREJECTED);
		/* Each has words, by which it is known again */
		if (facts.refusal)
			assert_int_equal(driver_refusal(driver_refusal_text(facts.refusal)), facts.refusal);
	}
	facts.driver = DRIVER_OURS;
	put("/log", "");
	check_gather_missing(&facts);
	assert_string_equal(get("/log"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_secure_boot, setup), cmocka_unit_test_setup(test_lockdown, setup),
		cmocka_unit_test_setup(test_signer, setup),	 cmocka_unit_test_setup(test_not_asked, setup),
		cmocka_unit_test_setup(test_refused, setup),	 cmocka_unit_test_setup(test_key, setup),
		cmocka_unit_test_setup(test_in_dkms, setup),	 cmocka_unit_test_setup(test_headers, setup),
		cmocka_unit_test_setup(test_missing, setup),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("signing", tests, NULL, remove_tree);
}
