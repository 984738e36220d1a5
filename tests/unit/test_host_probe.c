// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm-host probe: what it measures of pairs of our own, and its judgement. Real KVM is in tests/boot/61-probe.t. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/die.h"
#include "base/now.h"
#include "base/text.h"

#include "../../host-tools/probe/ask.c"
#include "found.h"
#include "ptpkvm-host.h"

/* --- the measurement --- */

#define EPOCH 1795000000000000000LL
#define TSC 1000000000000ULL

/* The host's clock at a counter of 2 GHz that begins at TSC */
static struct kvm_clock_pairing_quality pair(int64_t cycles, int64_t off)
{
	const int64_t ns = EPOCH + cycles / 2 + off;

	return (struct kvm_clock_pairing_quality){
		.sec = ns / NSEC_PER_SEC, .nsec = ns % NSEC_PER_SEC, .counter = TSC + cycles,
	};
}

static void test_compare(void **state)
{
	const struct instant before = { .tsc = TSC, .ns = EPOCH, .cycles = 100 };
	struct instant after = { .tsc = TSC + 2000, .ns = EPOCH + 1000, .cycles = 60 };
	struct probe_answer a = { .reply = pair(1000, 7) };

	(void)state;
	compare(&a, &before, &after);
	assert_true(a.measured);
	assert_int_equal(a.offset_ns, 7);
	assert_int_equal(a.uncertainty_ns, 50);

	/* Only what is known better counts. */
	a.reply = pair(1000, 9000);
	compare(&a, &before, &after);
	assert_int_equal(a.offset_ns, 7);
	after.half_ns = -1;	/* the clock was set while it was read */
	compare(&a, &before, &after);
	assert_int_equal(a.offset_ns, 7);
	after.half_ns = 0;
	after.ns = EPOCH - 5;	/* or between */
	compare(&a, &before, &after);
	assert_int_equal(a.offset_ns, 7);

	/* A counter outside of the two readings, and nonsense */
	after.ns = EPOCH + 1000;
	a = (struct probe_answer){ .reply = pair(4000, 0) };
	a.reply.counter = TSC + 1000;
	compare(&a, &before, &after);
	assert_int_equal(a.offset_ns, 1500);
	a = (struct probe_answer){ .reply = { .sec = INT64_MAX, .nsec = INT64_MAX, .counter = UINT64_MAX } };
	compare(&a, &before, &after);
	assert_false(a.measured);
	a.reply = (struct kvm_clock_pairing_quality){ .sec = INT64_MAX / NSEC_PER_SEC / 2, .counter = TSC + INT64_MAX };
	compare(&a, &before, &after);
	assert_true(a.measured);
	assert_true(a.offset_ns > NSEC_PER_SEC);
}

/* --- the judgement --- */

static void patched(struct probe_facts *f)
{
	*f = (struct probe_facts){
		.cpu_virtualizes = true, .module = true, .device = true, .kernel = "6.12.0", .clocksource = "tsc",
		.failed = PROBE_DONE,
		.type0 = { .measured = true, .offset_ns = -3, .uncertainty_ns = 40 },
		.type1 = { .measured = true, .offset_ns = 5, .uncertainty_ns = 30,
			   .reply = { .version = 1, .flags = KVM_CLOCK_PAIRING_VALID_ALL, .max_error_ns = 1500000,
				      .clock_status = KVM_CLOCK_PAIRING_STATUS_SYNCHRONIZED, .tai_offset = 37 } },
	};
}

static void nothing(struct probe_facts *f) { (void)f; }
static void stock(struct probe_facts *f) { f->type1.result = -KVM_EOPNOTSUPP; }
static void hpet(struct probe_facts *f)
{
	f->type0.result = -KVM_EOPNOTSUPP;
	strcpy(f->clocksource, "hpet");
	f->type1.reply.window_ns = 3000;
	f->type1.offset_ns = -2500;
}
static void hpet_stock(struct probe_facts *f) { hpet(f); stock(f); }
static void hpet_wrong(struct probe_facts *f) { hpet(f); f->type1.offset_ns = -4100; }
static void kvm_clock(struct probe_facts *f) { hpet_stock(f); strcpy(f->clocksource, "kvm-clock"); }
static void catchup(struct probe_facts *f) { hpet_stock(f); strcpy(f->clocksource, "tsc"); f->tsc_khz = 9000000; }
static void untrusted(struct probe_facts *f) { hpet_stock(f); strcpy(f->clocksource, "tsc"); }
static void ancient(struct probe_facts *f) { f->type0.result = f->type1.result = -KVM_ENOSYS; }
static void strange(struct probe_facts *f) { f->type0.result = f->type1.result = -KVM_EFAULT; }
static void wrong_pair(struct probe_facts *f) { f->type0.offset_ns = 600; }
/* What guests that ask for quality get */
static void wrong_quality_pair(struct probe_facts *f) { f->type1.offset_ns = -700; }
static void restless(struct probe_facts *f) { f->type0.measured = false; }
static void free_running(struct probe_facts *f)
{
	f->type1.reply.clock_status = KVM_CLOCK_PAIRING_STATUS_FREERUNNING;
}
static void far_off(struct probe_facts *f) { f->type1.reply.max_error_ns = 16000000000; }
static void absurd(struct probe_facts *f) { f->type1.reply.max_error_ns = UINT64_MAX; f->type1.reply.clock_status = 200; }
static void unknown_flag(struct probe_facts *f) { f->type1.reply.flags |= 1U << 20; }
static void later_abi(struct probe_facts *f)
{
	unknown_flag(f);
	f->type1.reply.version = 2;
	f->type1.reply.reserved[2] = 7;
}
static void windowless(struct probe_facts *f) { f->type1.reply.flags &= ~KVM_CLOCK_PAIRING_VALID_WINDOW; }
static void wide(struct probe_facts *f) { f->type1.reply.window_ns = NSEC_PER_SEC + 1; }
static void versionless(struct probe_facts *f) { f->type1.reply.version = 0; }
/* Nothing that a guest takes: to it the call is refused */
static void hpet_versionless(struct probe_facts *f) { hpet(f); versionless(f); }
static void open_fails(struct probe_facts *f, int error)
{
	f->failed = PROBE_OPEN;
	f->error = error;
	f->device = false;
	snprintf(f->why, sizeof(f->why), "/dev/kvm: %s", strerror(error));
}
static void denied(struct probe_facts *f) { open_fails(f, EACCES); }
static void no_module(struct probe_facts *f) { open_fails(f, ENOENT); f->module = false; }
static void no_module_intel(struct probe_facts *f) { no_module(f); f->cpu_intel = true; }
static void no_device(struct probe_facts *f) { open_fails(f, ENOENT); }
static void busy(struct probe_facts *f) { open_fails(f, EBUSY); }
static void out_of_files(struct probe_facts *f) { open_fails(f, EMFILE); }
static void no_cpu(struct probe_facts *f) { no_module(f); f->cpu_virtualizes = false; }
static void no_cpu_guest(struct probe_facts *f) { no_cpu(f); strcpy(f->hypervisor, "KVMKVMKVM"); }
static void stuck(struct probe_facts *f) { f->failed = PROBE_RUN; f->error = EINTR; }
static void useless(struct probe_facts *f) { stuck(f); f->cpu_virtualizes = false; }
static void broken(struct probe_facts *f) { f->failed = PROBE_CREATE; strcpy(f->why, "KVM_CREATE_VM: no"); }
static void no_scaling(struct probe_facts *f) { f->failed = PROBE_TSC; f->tsc_khz = 9; }

static const struct {
	void (*change)(struct probe_facts *f);
	const char *codes;
	int status;
	const char *remedy;	/* part of the first one */
} cases[] = {
	{ nothing, "", EXIT_GOOD, "" },
	{ stock, "quality-untold", EXIT_WARNINGS, "host-patch/" },
	{ hpet, "pairing-clocksource", EXIT_WARNINGS, "tsc=reliable" },
	{ hpet_stock, "pairing-clocksource quality-untold", EXIT_BROKEN, "tsc=reliable" },
	{ hpet_wrong, "pairing-clocksource pair-wrong", EXIT_BROKEN, "tsc=reliable" },
	{ kvm_clock, "pairing-clocksource quality-untold", EXIT_BROKEN, "host-patch's series" },
	{ catchup, "pairing-catchup quality-untold", EXIT_BROKEN, "frequency" },
	{ untrusted, "pairing-refused quality-untold", EXIT_BROKEN, "dmesg" },
	{ ancient, "pairing-unknown quality-untold", EXIT_BROKEN, "newer" },
	{ strange, "pairing-error quality-bad", EXIT_BROKEN, "" },
	{ wrong_pair, "pair-wrong", EXIT_BROKEN, "report" },
	{ wrong_quality_pair, "pair-wrong", EXIT_BROKEN, "report" },
	{ restless, "pair-unmeasured", EXIT_WARNINGS, "ptpkvm-host check" },
	{ free_running, "quality-unsynchronized", EXIT_WARNINGS, "ptpkvm-host check" },
	{ far_off, "quality-error", EXIT_WARNINGS, "ptpkvm-host check" },
	{ absurd, "quality-unsynchronized", EXIT_WARNINGS, "ptpkvm-host check" },
	{ unknown_flag, "quality-bad", EXIT_WARNINGS, "" },
	{ later_abi, "", EXIT_GOOD, "" },
	{ windowless, "quality-bad", EXIT_WARNINGS, "" },
	{ wide, "quality-bad", EXIT_WARNINGS, "" },
	{ versionless, "quality-bad", EXIT_WARNINGS, "" },
	{ hpet_versionless, "pairing-clocksource quality-bad", EXIT_BROKEN, "tsc=reliable" },
	{ denied, "kvm-denied", EXIT_BROKEN, "usermod -aG kvm" },
	{ no_module, "kvm-module", EXIT_BROKEN, "modprobe kvm_amd" },
	{ no_module_intel, "kvm-module", EXIT_BROKEN, "modprobe kvm_intel" },
	{ no_device, "kvm-module", EXIT_BROKEN, "--device /dev/kvm" },
	{ busy, "kvm-busy", EXIT_BROKEN, "dmesg" },
	{ out_of_files, "kvm-error", EXIT_BROKEN, "dmesg" },
	{ no_cpu, "kvm-no-virtualization", EXIT_NO_HOST, "firmware" },
	{ no_cpu_guest, "kvm-no-virtualization", EXIT_NO_HOST, "nested" },
	{ useless, "kvm-no-virtualization", EXIT_NO_HOST, "" },
	{ stuck, "kvm-stuck", EXIT_BROKEN, "dmesg" },
	{ broken, "kvm-error", EXIT_BROKEN, "dmesg" },
	{ no_scaling, "kvm-no-tsc-khz", EXIT_BROKEN, "" },
};

static const char *all_remedies(const struct finding *v)
{
	static char all[sizeof(v->remedies)];

	all[0] = 0;
	for (int i = 0; i < v->n_remedies; i++)
		add_text(all, sizeof(all), "%s\n", v->remedies[i].text);
	return all;
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		static struct findings v;
		struct probe_facts f;
		const char *remedy = NULL;
		char codes[200] = "";

		patched(&f);
		cases[i].change(&f);
		probe_judge(&f, &v);
		for (int n = 0; n < v.n; n++) {
			note_found(probe_kinds, &v.list[n], codes, sizeof(codes));
			if (!remedy && codes[0])
				remedy = all_remedies(&v.list[n]);
		}
		assert_string_equal(codes, cases[i].codes);
		assert_int_equal(probe_exit_status(&f, &v), cases[i].status);
		if (!strstr(remedy ? remedy : "", cases[i].remedy))
			fail_msg("%s: '%s' has no '%s'", codes, remedy, cases[i].remedy);
		/* Each link is said something of, be it that it was not looked at. */
		assert_string_equal(v.list[0].link, "kvm");
		assert_string_equal(v.list[v.n - 1].link, "quality");
	}
	all_found(probe_kinds, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_cases),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
