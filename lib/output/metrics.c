// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "output/metrics.h"

static void family(struct metrics *m, const char *name, const char *help, const char *type)
{
	m->name = name;
	m->help = help;
	m->type = type;
	m->begun = false;
}

void metrics_gauges(struct metrics *m, const char *name, const char *help)
{
	family(m, name, help, "gauge");
}

void metrics_counters(struct metrics *m, const char *name, const char *help)
{
	family(m, name, help, "counter");
}

/* In label values backslash, quote and newline are escaped; there is no way to write other control characters. */
static void label(FILE *f, const char *name, const char *value, char before)
{
	int n;

	fprintf(f, "%c%s=\"", before, name);
	for (; *value; value += n ? n : 1) {
		n = utf8_len(value);
		if (*value == '\n')
			fputs("\\n", f);
		else if (*value == '\\' || *value == '"')
			fprintf(f, "\\%c", *value);
		else if (n && !is_control(value))
			fwrite(value, 1, n, f);
		else
			fputs("\xef\xbf\xbd", f);
	}
	fputc('"', f);
}

void metrics_sample(struct metrics *m, double val, ...)
{
	const char *name;
	char before = '{';
	va_list ap;

	if (!m->begun)
		fprintf(m->f, "# HELP %s%s %s\n# TYPE %s%s %s\n", m->prefix, m->name, m->help, m->prefix, m->name,
			m->type);
	m->begun = true;
	fprintf(m->f, "%s%s", m->prefix, m->name);
	va_start(ap, val);
	while ((name = va_arg(ap, const char *))) {
		label(m->f, name, va_arg(ap, const char *), before);
		before = ',';
	}
	va_end(ap);
	if (before == ',')
		fputc('}', m->f);
	if (isnan(val))
		fputs(" NaN\n", m->f);
	else if (isinf(val))
		fputs(val > 0 ? " +Inf\n" : " -Inf\n", m->f);
	else
		fprintf(m->f, " %.15g\n", val);
}

void metrics_gauge(struct metrics *m, const char *name, const char *help, double val)
{
	metrics_gauges(m, name, help);
	metrics_sample(m, val, NULL);
}
