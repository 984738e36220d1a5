// SPDX-License-Identifier: GPL-2.0-or-later
/* TripleO's environment files, good and hostile; and the values, wherever they come from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/array.h"
#include "config/tripleo.h"
#include "tree.h"

#define P "parameter_defaults:\n"

static struct tripleo t;
static struct params p;
static char why[700], note[600];

static int setup(void **state)
{
	(void)state;
	params_init(&p);
	why[0] = note[0] = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tripleo_free(&t);
	return 0;
}

static bool parse_as(const char *text, const char *name, const char *role)
{
	return tripleo_parse(&t, text, strlen(text), name, role, why, sizeof(why));
}

static bool parse(const char *text)
{
	return parse_as(text, "e.yaml", NULL);
}

static void taken(bool ok)
{
	if (!ok)
		fail_msg("refused: %s", why);
}

static void refused(bool ok, const char *reason)
{
	assert_false(ok);
	if (strcmp(why, reason))
		fail_msg("'%s' instead of '%s'", why, reason);
}

static bool apply(void)
{
	return tripleo_apply(&t, &p, note, sizeof(note), why, sizeof(why));
}

/* parse and apply are refused, with that reason */
static void bad(const char *text, const char *reason)
{
	params_init(&p);
	refused(parse(text) && apply(), reason);
	tripleo_free(&t);
}

/* --- the service ptp --- */

static void test_ptp(void **state)
{
	(void)state;
	taken(parse("# as in environments/services/ptp.yaml\n"
		   "resource_registry:\n  OS::TripleO::Services::Ptp: ../../deployment/time/ptp-baremetal-ansible.yaml\n"
		   P "  PtpInterface: 'nic2'\n  PtpSlaveMode: 0\n  PtpMessageTransport: \"UDPv6\"\n"));
	taken(apply());
	assert_int_equal(p.n_ports, 1);
	assert_string_equal(p.ports[0].name, "nic2");
	assert_string_equal(p.ports[0].from, "e.yaml:5:17: PtpInterface");
	assert_false(p.slave);
	assert_string_equal(p.from[PARAM_SLAVE], "e.yaml:6:17: PtpSlaveMode");
	assert_int_equal(p.transport, TRANSPORT_UDPV6);
	taken(params_complete(&p, why, sizeof(why)));
	assert_string_equal(note, "");
}

static void test_defaults(void **state)
{
	static const char *const empty[] = { "", "---\n", "~\n", "{}\n", P, P "  {}\n", "parameter_defaults: null\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
		taken(parse(empty[i]));
	taken(apply());
	taken(params_complete(&p, why, sizeof(why)));
	assert_string_equal(p.ports[0].name, "nic1");
	assert_string_equal(p.ports[0].from, "default of --interface");
	assert_true(p.slave);
	assert_int_equal(p.transport, TRANSPORT_UDPV4);
	/* What does not concern us is skipped */
	taken(parse(P "  Unrelated: [1, {a: b}]\n  ? [complex, key]\n  : x\n  Other: |\n    PtpInterface: no\n"
		     "other:\n  PtpInterface: neither\n"));
	assert_null(t.all[TRIPLEO_INTERFACE].text);
}

static void test_styles(void **state)
{
	static const char *const same[] = {
		"{parameter_defaults: {PtpInterface: eno1}}", "{\"parameter_defaults\": {\"PtpInterface\": \"eno1\"}}",
		P "  PtpInterface: !!str eno1\n", P "  PtpInterface: &anchor eno1\n",
		P "  PtpInterface: >-\n    eno1\n", "\xef\xbb\xbf" P "  PtpInterface: eno1", "%YAML 1.1\n---\n" P "  PtpInterface: eno1\n...\n",
		P "  ? PtpInterface\n  : eno1\n", P "\r\n  PtpInterface: eno1\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		taken(parse(same[i]));
		assert_string_equal(t.all[TRIPLEO_INTERFACE].text, "eno1");
		tripleo_free(&t);
	}
}

static void test_values(void **state)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{ "PtpSlaveMode: yes", "e.yaml:2:17: PtpSlaveMode: 'yes' is not 0 or 1" },
		{ "PtpSlaveMode: true", "e.yaml:2:17: PtpSlaveMode: 'true' is not 0 or 1" },
		{ "PtpSlaveMode: 2", "e.yaml:2:17: PtpSlaveMode: '2' is not 0 or 1" },
		{ "PtpSlaveMode: -0", "e.yaml:2:17: PtpSlaveMode: '-0' is not 0 or 1" },
		{ "PtpSlaveMode: 0x1", "e.yaml:2:17: PtpSlaveMode: '0x1' is not 0 or 1" },
		{ "PtpSlaveMode: 1.0", "e.yaml:2:17: PtpSlaveMode: '1.0' is not 0 or 1" },
		{ "PtpSlaveMode: [1]", "e.yaml:2:17: PtpSlaveMode: a list, where one value is due" },
		{ "PtpSlaveMode: {a: 1}", "e.yaml:2:17: PtpSlaveMode: a mapping, where one value is due" },
		{ "PtpSlaveMode:", "e.yaml:2:16: PtpSlaveMode: has no value" },
		{ "PtpSlaveMode: null", "e.yaml:2:17: PtpSlaveMode: has no value" },
		{ "PtpSlaveMode: ''", "e.yaml:2:17: PtpSlaveMode: '' is not 0 or 1" },
		{ "PtpInterface: [nic1]", "e.yaml:2:17: PtpInterface: a list, where one value is due" },
		{ "PtpInterface: ~", "e.yaml:2:17: PtpInterface: has no value" },
		{ "PtpInterface: ''", "e.yaml:2:17: PtpInterface: '' cannot be an interface's name" },
		{ "PtpInterface: eth0]", "e.yaml:2:17: PtpInterface: 'eth0]' cannot be an interface's name" },
		{ "PtpInterface: \"eth0\\nx 1\"", "e.yaml:2:17: PtpInterface: 'eth0\nx 1' cannot be an interface's name" },
		{ "PtpInterface: \"a\\0b\"", "e.yaml:2:17: PtpInterface: has a NUL in it" },
		{ "PtpInterface: ../../x", "e.yaml:2:17: PtpInterface: '../../x' cannot be an interface's name" },
		{ "PtpInterface: -f", "e.yaml:2:17: PtpInterface: '-f' cannot be an interface's name" },
		{ "PtpInterface: abcdefghijklmnop", "e.yaml:2:17: PtpInterface: 'abcdefghijklmnop' cannot be an interface's name" },
		{ "PtpMessageTransport: UDP", "e.yaml:2:24: PtpMessageTransport: 'UDP' is not L2, UDPv4 or UDPv6" },
		{ "PtpInterface: *a", "e.yaml:2:17: found undefined alias" },
		{ "PTPInterfaces: eth0", "e.yaml:2:18: PTPInterfaces: 'eth0' is not DOMAIN:INTERFACE, such as 0:nic1" },
		{ "PTPInterfaces: 128:eth0", "e.yaml:2:18: PTPInterfaces: the domain '128' is not a whole number from 0 to 127" },
		{ "PTPInterfaces: 0:eth0,,1:eth1", "e.yaml:2:18: PTPInterfaces: '0:eth0,,1:eth1' has nothing between two commas" },
		{ "PTPInterfaces: []", "e.yaml:2:18: PTPInterfaces: an empty list" },
		{ "PTPInterfaces: ['0:eth0', [x]]", "e.yaml:2:29: PTPInterfaces: a list, where a text is due" },
		{ "PTPInterfaces: {0: eth0}", "e.yaml:2:18: PTPInterfaces: a mapping, where one value is due" },
	};
	char text[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text), P "  %s\n", cases[i].text);
		bad(text, cases[i].reason);
	}
}

/* --- timemaster --- */

static void test_timemaster(void **state)
{
	(void)state;
	taken(parse(P "  PTPInterfaces: '0:nic1, 0:nic2,5:eno3'\n  PTPMessageTransport: L2\n"
		     "  NtpServer: ['a.example', 192.0.2.1]\n"));
	taken(apply());
	taken(params_complete(&p, why, sizeof(why)));
	assert_int_equal(p.n_ports, 3);
	assert_true(p.domains_given);
	assert_string_equal(p.ports[1].name, "nic2");
	assert_int_equal(p.ports[1].domain, 0);
	assert_string_equal(p.ports[2].name, "eno3");
	assert_int_equal(p.ports[2].domain, 5);
	assert_int_equal(p.transport, TRANSPORT_L2);
	assert_int_equal(p.n_servers, 2);
	assert_string_equal(p.servers[1].name, "192.0.2.1");
	assert_string_equal(p.servers[1].from, "e.yaml:4:14: NtpServer");
	taken(parse_as(P "  NtpServer: x.example,2001:db8::1\n", "f.yaml", NULL));
	taken(apply());
	assert_int_equal(p.n_servers, 2);
	assert_string_equal(p.servers[1].name, "2001:db8::1");
	bad(P "  PTPInterfaces: 0:eth0\n  NtpServer: 'a b'\n", "e.yaml:3:14: NtpServer: 'a b' is neither a host's name nor an address");
}

static void test_both_families(void **state)
{
	(void)state;
	taken(parse(P "  PtpInterface: nic1\n"));
	taken(parse_as(P "\n\n  PTPMessageTransport: L2\n", "f.yaml", NULL));
	refused(apply(), "e.yaml:2:17: PtpInterface and f.yaml:4:24: PTPMessageTransport: of two services, ptp and "
			 "timemaster, of which a host runs one; remove the parameters of one");
	tripleo_free(&t);
	/* By role, too */
	taken(parse_as(P "  PTPInterfaces: 0:nic1\n  ComputeParameters:\n    PtpSlaveMode: 1\n", "g.yaml", "Compute"));
	refused(apply(), "g.yaml:4:19: PtpSlaveMode and g.yaml:2:18: PTPInterfaces: of two services, ptp and "
			 "timemaster, of which a host runs one; remove the parameters of one");
}

/* In most environments, and of no meaning to the service ptp */
static void test_ntp_server_alone(void **state)
{
	(void)state;
	taken(parse(P "  PtpInterface: nic1\n  NtpServer: a.example\n"));
	taken(apply());
	assert_int_equal(p.n_servers, 0);
	assert_string_equal(note, "e.yaml:3:14: NtpServer: TripleO's PTP service takes no NTP server; to have one beside "
				  "PTP: --ntp-server");
}

/* --- roles and several files --- */

static void test_roles(void **state)
{
	static const char first[] = P "  ComputeParameters:\n    PtpInterface: eno7\n    Other: x\n"
				    "  ControllerParameters:\n    PtpInterface: eno8\n  PtpInterface: nic3\n  PtpSlaveMode: 0\n";

	(void)state;
	taken(parse_as(first, "e.yaml", "Compute"));
	/* A later file's goes before, but not before the role's own */
	taken(parse_as(P "  PtpInterface: nic4\n  PtpSlaveMode: 1\n", "f.yaml", "Compute"));
	taken(apply());
	assert_string_equal(p.ports[0].name, "eno7");
	assert_string_equal(p.ports[0].from, "e.yaml:3:19: PtpInterface");
	assert_true(p.slave);
	assert_string_equal(p.from[PARAM_SLAVE], "f.yaml:3:17: PtpSlaveMode");
	assert_int_equal(p.n_ports, 1);
	tripleo_free(&t);
	params_init(&p);
	taken(parse_as(first, "e.yaml", NULL));
	taken(apply());
	assert_string_equal(p.ports[0].name, "nic3");
	tripleo_free(&t);
	/* Only roles have any, and none was named */
	params_init(&p);
	taken(parse(P "  ComputeParameters:\n    PtpInterface: eno7\n"));
	taken(apply());
	assert_int_equal(p.n_ports, 0);
	assert_string_equal(note, "e.yaml:2:3: ComputeParameters: has PTP's parameters for that role; to use them: --role-name");
}

static void test_role_types(void **state)
{
	(void)state;
	taken(parse_as(P "  ComputeParameters: ~\n  XParameters: 7\n  YParameters: [PtpInterface]\n", "e.yaml", "Compute"));
	refused(parse_as(P "  ComputeParameters: [a]\n", "e.yaml", "Compute"),
		"e.yaml:2:22: ComputeParameters: no mapping of parameters");
	refused(parse_as(P "  ComputeParameters:\n    PtpSlaveMode: 1\n    PtpSlaveMode: 0\n", "e.yaml", "Compute"),
		"e.yaml:4:5: PtpSlaveMode is there twice; before in line 3");
	refused(parse_as(P "  ComputeParameters: {}\n  ComputeParameters: {}\n", "e.yaml", "Compute"),
		"e.yaml:3:3: ComputeParameters is there twice; before in line 2");
	taken(parse_as(P "  OtherParameters: {}\n  OtherParameters: {}\n", "e.yaml", "Compute"));
}

/* --- what is no environment file --- */

static void test_malformed(void **state)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{ "[1, 2]\n", "e.yaml:1:1: no environment file: no mapping with parameter_defaults" },
		{ "text\n", "e.yaml:1:1: no environment file: no mapping with parameter_defaults" },
		{ "parameter_defaults: [a]\n", "e.yaml:1:21: parameter_defaults: no mapping of parameters" },
		{ "parameter_defaults: 5\n", "e.yaml:1:21: parameter_defaults: no mapping of parameters" },
		{ "<<: *x\n", "e.yaml:1:5: found undefined alias" },
		{ P "  PtpInterface: a\n  PtpInterface: b\n", "e.yaml:3:3: PtpInterface is there twice; before in line 2" },
		{ P "  a: b\n" P "  c: d\n", "e.yaml:3:1: parameter_defaults is there twice; before in line 1" },
		{ P "  a: b\n---\n" P, "e.yaml:3:1: a second document; an environment file has one" },
		{ P "  PtpInterface: a\n bad\n", "e.yaml:3:2: while parsing a block mapping: did not find expected key" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		refused(parse(cases[i].text), cases[i].reason);
		tripleo_free(&t);
	}
	/* Whatever libyaml says of these, it is with file, line and column; or with the byte. */
	for (const char *const *text = (const char *const[]){ "\t- a", "a: 'b", "a: [", "{", "a: \"\\q\"", "&", "a: b: c",
							      "%X\n", NULL };
	     *text; text++) {
		assert_false(parse(*text));
		assert_memory_equal(why, "e.yaml:", 7);
		assert_true(why[7] >= '1' && why[7] <= '9');
	}
	refused(parse("a: \xff\n"), "e.yaml: at byte 3: invalid leading UTF-8 octet");
	refused(parse("a: \x01\n"), "e.yaml: at byte 3: control characters are not allowed");
}

static char *repeat(const char *begin, const char *part, size_t n, const char *end)
{
	size_t len = strlen(begin) + n * strlen(part) + strlen(end);
	char *text = malloc(len + 1), *at = stpcpy(text, begin);

	while (n--)
		at = stpcpy(at, part);
	strcpy(at, end);
	return text;
}

/* --- aliases and merge keys --- */

#define COMMON "x: &common\n  PtpInterface: eno1\n  PtpSlaveMode: 0\n"

static void value_is(enum tripleo_key key, const char *text, const char *from)
{
	assert_non_null(t.all[key].text);
	assert_string_equal(t.all[key].text, text);
	assert_string_equal(t.all[key].from, from);
}

static void test_aliases(void **state)
{
	(void)state;
	taken(parse("nic: &nic eno1\n" P "  PtpInterface: *nic\n"));
	value_is(TRIPLEO_INTERFACE, "eno1", "e.yaml:1:6: PtpInterface");	/* where the value is */
	tripleo_free(&t);
	taken(parse("nic: &nic '0:eno1'\nall: &all [*nic, '1:eno2', *nic]\n" P "  PTPInterfaces: *all\n  NtpServer: [*nic]\n"));
	value_is(TRIPLEO_TM_INTERFACES, "0:eno1,1:eno2,0:eno1", "e.yaml:2:6: PTPInterfaces");
	value_is(TRIPLEO_NTP_SERVER, "0:eno1", "e.yaml:5:14: NtpServer");
	tripleo_free(&t);
	taken(parse("x: &key PtpInterface\n" COMMON "parameter_defaults: *common\ny:\n  *key : eno2\n"));
	value_is(TRIPLEO_INTERFACE, "eno1", "e.yaml:3:17: PtpInterface");
	tripleo_free(&t);
	taken(parse_as(COMMON P "  ComputeParameters: *common\n", "e.yaml", "Compute"));
	assert_string_equal(t.role[TRIPLEO_INTERFACE].text, "eno1");
	assert_null(t.all[TRIPLEO_INTERFACE].text);
	tripleo_free(&t);
	/* What it stands for is judged like anything else, where it is. */
	bad(COMMON P "  PtpInterface: *common\n", "e.yaml:1:4: PtpInterface: a mapping, where one value is due");
	bad("x: &x [a]\nparameter_defaults: *x\n", "e.yaml:1:4: parameter_defaults: no mapping of parameters");
	bad("x: &x\n" P "  PtpInterface: *x\n", "e.yaml:1:4: PtpInterface: has no value");
	bad("x: &x maybe\n" P "  PtpSlaveMode: *x\n", "e.yaml:1:4: PtpSlaveMode: 'maybe' is not 0 or 1");
}

static void test_merges(void **state)
{
	static const char *const own_first[] = {
		COMMON P "  <<: *common\n  PtpInterface: eno7\n", COMMON P "  PtpInterface: eno7\n  <<: *common\n",
		COMMON P "  <<: [{PtpInterface: eno7}, *common]\n", COMMON P "  <<: {<<: *common, PtpInterface: eno7}\n",
		COMMON P "  <<: {PtpInterface: eno7, <<: [*common]}\n",
		COMMON "<<: {parameter_defaults: {PtpInterface: eno7, <<: *common}}\n",
		COMMON P "  PtpInterface: eno7\n  <<: [{a: b}, {}, *common, *common]\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(own_first); i++) {
		taken(parse(own_first[i]));
		assert_string_equal(t.all[TRIPLEO_INTERFACE].text, "eno7");
		value_is(TRIPLEO_SLAVE_MODE, "0", "e.yaml:3:17: PtpSlaveMode");
		tripleo_free(&t);
	}
	taken(parse_as(COMMON P "  PtpSlaveMode: 1\n  ComputeParameters:\n    <<: *common\n", "e.yaml", "Compute"));
	value_is(TRIPLEO_SLAVE_MODE, "1", "e.yaml:5:17: PtpSlaveMode");
	assert_string_equal(t.role[TRIPLEO_SLAVE_MODE].text, "0");
	tripleo_free(&t);
	/* A key in quotes is one like any other. */
	taken(parse(COMMON P "  '<<': *common\n"));
	assert_null(t.all[TRIPLEO_INTERFACE].text);
	tripleo_free(&t);
	bad(P "  <<: 5\n", "e.yaml:2:7: <<: neither a mapping nor a list of mappings");
	bad(P "  <<: [{}, [{}]]\n", "e.yaml:2:12: <<: not a mapping");
	bad(COMMON P "  <<: *common\n  a: b\n  <<: *common\n", "e.yaml:7:3: << is there twice; before in line 5");
	bad(P "  <<: {PtpInterface: a, PtpInterface: b}\n",
	    "e.yaml:2:25: PtpInterface is there twice; before in line 2");
}

/* Small files that would be large, or without end */
static void test_hostile_aliases(void **state)
{
	char *text, part[80];
	size_t used;

	(void)state;
	taken(parse("a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n" P "  d: [*c,*c,*c]\n  PtpInterface: eno1\n"));
	value_is(TRIPLEO_INTERFACE, "eno1", "e.yaml:6:17: PtpInterface");
	tripleo_free(&t);
	bad("a: &a [*a]\n", "e.yaml:1:8: the alias *a is within what it stands for");
	bad(P "  &x <<: &y {b: [{<<: *y}]}\n", "e.yaml:2:23: the alias *y is within what it stands for");
	bad("a: &a {*a : 1}\n", "e.yaml:1:8: the alias *a is within what it stands for");
	bad("&a x: &a y\n", "e.yaml:1:7: found duplicate anchor; first occurrence: second occurrence");
	/* Ten merges of ten merges of ten … */
	text = malloc(10000);
	used = sprintf(text, "m0: &m0 {a: b}\n");
	for (int i = 1; i < 12; i++) {
		used += sprintf(text + used, "m%d: &m%d {<<: [", i, i);
		for (int j = 0; j < 10; j++)
			used += sprintf(text + used, "*m%d,", i - 1);
		used += sprintf(text + used, "]}\n");
	}
	sprintf(text + used, P "  <<: *m11\n");
	refused(parse(text), "e.yaml:1:5: more than 2000000 keys to look at, as often as it is merged in");
	free(text);
	/* One in the other, through many lines */
	text = malloc(70000);
	used = sprintf(text, "m0: &m0 {a: b}\n");
	for (int i = 1; i < 1000; i++) {
		snprintf(part, sizeof(part), "m%d: &m%d {<<: *m%d}\n", i, i, i - 1);
		used += sprintf(text + used, "%s", part);
	}
	sprintf(text + used, P "  <<: *m999\n");
	refused(parse(text), "e.yaml:936:7: merged more than 64 deep");
	free(text);
	/* A value that is long only when its aliases are followed */
	text = repeat("x: &x '", "x", 300, "'\n" P "  NtpServer: [*x,*x,*x,*x,*x,*x,*x,*x,*x,*x,*x,*x,*x,*x]\n");
	refused(parse(text), "e.yaml:1:4: NtpServer: longer than 3998 characters");
	free(text);
}

static void test_bounds(void **state)
{
	char *text, long_path[300];

	(void)state;
	text = repeat(P "  x: ", "[", 100000, "");
	refused(parse(text), "e.yaml:2:68: nested more than 64 deep");
	free(text);
	text = repeat(P "  x: ", "{a: ", 100, "");
	refused(parse(text), "e.yaml:2:254: nested more than 64 deep");
	free(text);
	text = repeat(P "  PtpInterface: ", "x", 5000, "\n");
	refused(parse(text), "e.yaml:2:17: PtpInterface: longer than 3998 characters");
	free(text);
	text = repeat(P "  NtpServer: [", "a,", 20000, "a]\n");
	refused(parse(text), "e.yaml:2:4015: NtpServer: longer than 3998 characters");
	free(text);
	text = repeat(P "  PTPInterfaces: 0:a0", ",0:b", 16, "\n");
	taken(parse(text));
	refused(apply(), "e.yaml:2:18: PTPInterfaces: more than 16 interfaces");
	free(text);
	tripleo_free(&t);
	text = repeat("x: [", "1,", 210000, "1]\n");
	assert_false(parse(text));
	assert_non_null(strstr(why, ": more than 200000 elements"));
	free(text);
	/* A file's name is cut to fit, and no line break in it comes into a comment */
	memset(long_path, 'p', sizeof(long_path));
	long_path[sizeof(long_path) - 1] = 0;
	long_path[5] = '\n';
	taken(parse_as(P "  PtpSlaveMode: 1\n", long_path, NULL));
	taken(apply());
	assert_int_equal(strchr(p.from[PARAM_SLAVE], '\n'), 0);
	assert_non_null(strstr(p.from[PARAM_SLAVE], "ppppp?p"));
	assert_non_null(strstr(p.from[PARAM_SLAVE], ": PtpSlaveMode"));
}

static void test_files(void **state)
{
	char path[300];

	(void)state;
	tree_make();
	put("/e.yaml", P "  PtpInterface: eno1\n");
	snprintf(path, sizeof(path), "%s/e.yaml", tree);
	taken(tripleo_read(&t, path, NULL, why, sizeof(why)));	/* which is not below file_root */
	assert_string_equal(t.all[TRIPLEO_INTERFACE].text, "eno1");
	refused(tripleo_read(&t, "/no/such.yaml", NULL, why, sizeof(why)),
		"cannot read /no/such.yaml: No such file or directory");
	assert_false(tripleo_read(&t, tree, NULL, why, sizeof(why)));
	assert_non_null(strstr(why, ": Is a directory"));
	assert_string_equal(file_root, tree);
	tree_remove();
	file_root = "";
}

/* --- what goes together, from wherever it comes --- */

static void set(enum param param, const char *value)
{
	taken(params_set(&p, param, value, params_option(param), why, sizeof(why)));
}

static void conflict(const char *reason)
{
	refused(params_complete(&p, why, sizeof(why)), reason);
	params_init(&p);
}

static void test_conflicts(void **state)
{
	(void)state;
	set(PARAM_ROLE, "boundary");
	set(PARAM_INTERFACE, "eth0");
	conflict("--role: a boundary clock has two interfaces or more, and there is one: eth0 (--interface); add --interface");
	set(PARAM_INTERFACE, "eth0");
	set(PARAM_INTERFACE, "eth1");
	conflict("--interface: a second interface, but the role is ordinary (default of --role); try --role boundary");
	set(PARAM_ROLE, "boundary");
	set(PARAM_INTERFACE, "eth0");
	set(PARAM_INTERFACE, "eth0");
	conflict("--interface: the interface eth0 is there twice in domain 0 (--interface)");
	set(PARAM_ROLE, "grandmaster");
	set(PARAM_SLAVE, "1");
	conflict("--slave: client only, but a grandmaster clock serves others (--role); try --slave 0");
	set(PARAM_PTP_INTERFACES, "0:a,1:a");
	set(PARAM_ROLE, "grandmaster");
	assert_false(params_complete(&p, why, sizeof(why)));
	params_init(&p);
	taken(params_set(&p, PARAM_PTP_INTERFACES, "0:a,1:a", "f", why, sizeof(why)));
	set(PARAM_DOMAIN, "3");
	conflict("--domain: f has the domains already");
	taken(params_set(&p, PARAM_PTP_INTERFACES, "0:a", "f", why, sizeof(why)));
	set(PARAM_SLAVE, "0");
	conflict("--slave: timemaster (f) makes clients only; leave it at 1");
	taken(params_set(&p, PARAM_PTP_INTERFACES, "0:a", "f", why, sizeof(why)));
	set(PARAM_TIMESTAMPING, "software");
	conflict("--timestamping: timemaster (f) takes the network card's clock wherever it has one; leave --timestamping "
		 "at auto");
	/* TripleO's default is none that anybody gave */
	set(PARAM_ROLE, "grandmaster");
	taken(params_complete(&p, why, sizeof(why)));
	assert_false(p.slave);
	assert_string_equal(p.from[PARAM_SLAVE], "--role");
}

static void test_option_values(void **state)
{
	static const struct {
		enum param param;
		const char *value;
	} cases[] = {
		{ PARAM_DOMAIN, "128" }, { PARAM_DOMAIN, "-1" }, { PARAM_DOMAIN, "" }, { PARAM_DOMAIN, "1x" },
		{ PARAM_DOMAIN, "99999999999999999999" }, { PARAM_ROLE, "master" }, { PARAM_ROLE, "" },
		{ PARAM_TIMESTAMPING, "onestep" }, { PARAM_NTP_SERVER, "" }, { PARAM_NTP_SERVER, "-x" },
		{ PARAM_NTP_SERVER, "a b" }, { PARAM_NTP_SERVER, "a]" }, { PARAM_NTP_SERVER, "a\nb" }, { PARAM_INTERFACE, "a/b" },
		{ PARAM_INTERFACE, "a b" }, { PARAM_INTERFACE, "." }, { PARAM_INTERFACE, "a:b" }, { PARAM_TRANSPORT, "UDPv5" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (params_set(&p, cases[i].param, cases[i].value, "x", why, sizeof(why)))
			fail_msg("'%s' was taken", cases[i].value);
	set(PARAM_DOMAIN, "127");
	set(PARAM_TRANSPORT, "udpv6");
	set(PARAM_NTP_SERVER, "::1");
	set(PARAM_NTP_SERVER, "fe80::1%eth0");
	set(PARAM_INTERFACE, "enp1s0f0np0.100");
	assert_int_equal(p.transport, TRANSPORT_UDPV6);
	assert_int_equal(params_nic_number("nic12"), 12);
	assert_int_equal(params_nic_number("nic"), 0);
	assert_int_equal(params_nic_number("nic0"), 0);
	assert_int_equal(params_nic_number("nic01"), 0);
	assert_int_equal(params_nic_number("nic1x"), 0);
	assert_int_equal(params_nic_number("xnic1"), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(ptp), T(defaults), T(styles), T(values), T(timemaster), T(both_families), T(ntp_server_alone), T(roles),
		T(role_types), T(malformed), T(aliases), T(merges), T(hostile_aliases), T(bounds), T(files), T(conflicts), T(option_values),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("host_tripleo", tests, NULL, NULL);
}
