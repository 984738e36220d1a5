#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The rooms of both tools and of lib/: a file is included as "room/file.h", and includes go one way only.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

# A room includes itself, and those of the lines above.
lib='base
system
output linuxptp chrony
series time
cli vm'
guest='facts
clock
check guard setup
watch'
host='nic
facts
ptp
check
config probe status
serve watch'

# allowed TABLE: "ROOM OTHER" for all that is allowed
allowed() {
	awk '{
		for (i = 1; i <= NF; i++) {
			print $i, $i
			for (room in above)
				print $i, room
		}
		for (i = 1; i <= NF; i++)
			above[$i]
	}' <<<"$1"
}

# rooms FOLDER: those that it has
rooms() {
	printf '%s\n' "$1"/*/*.[ch] | cut -d / -f 2 | sort -u
}

# included FOLDER: "ROOM OTHER FILE" for each #include "…" in its rooms; what is in no room is OTHER as it stands
included() {
	grep -HoE '^#include "[^"]+"' "$1"/*/*.[ch] |
		sed -E 's,^[^/]+/([^/]+)/([^:]+):#include "([^"]+)",\1 \3 \1/\2, ; s,^([^ ]+) ([^./ ]+)/[^/ ]+ ,\1 \2 ,'
}

for folder in lib guest-tools host-tools; do
	case $folder in
	lib) table=$lib own= ;;
	guest-tools) table=$guest own=ptpkvm.h ;;
	host-tools) table=$host own=ptpkvm-host.h ;;
	esac
	is "$(rooms $folder)" "$(tr ' ' '\n' <<<"$table" | sort)" "$folder: its rooms are those of the table"
	[[ $folder = lib ]] ||
		is_empty "$(comm -12 <(rooms lib) <(rooms $folder))" "$folder: no room is called like one of lib's"
	found=$(included $folder)
	cmp "$(wc -l <<<"$found")" '>' 50 "$folder: its includes are found"
	[[ $folder = lib ]] || table=$(echo "$lib" | xargs)$'\n'$table
	is_empty "$(awk -v own="$own" 'NR == FNR { may[$1, $2]; next }
		$2 !~ /^\.\.\/\.\.\/include\// && $2 != own && !(($1, $2) in may) { print $3 ": " $2 }' <(allowed "$table") - <<<"$found")" \
		"$folder: no include goes up"
done

# What another file can name is named by one: else it is static, or dead. For unit tests alone: the parsers of what programs
# print, the guard's parts, which links a check has; and two of the layer of files, whose users are to come.
for_tests='check_links status_links chronyc_parse_selectdata chronyc_parse_sources chronyc_parse_tracking pmc_parse tripleo_parse
guard_act guard_ask guard_bad_host guard_recorded guard_release marker_parse marker_text run_more_paths series_long_enough here tree_fd tree_open'
# objects FOLDER OBJECTS: of its sources and lib's, as make tools has left them there
objects() {
	local file
	for file in "$1"/*.c "$1"/*/*.c lib/*/*.c; do
		file=build/tools/$2/${file#"$1"/}
		[[ ! -e ${file%.c}.o ]] || echo "${file%.c}.o"
	done
}
mapfile -t built < <(objects guest-tools obj-ptpkvm; objects host-tools obj-ptpkvm-host; objects tests/tools obj)
cmp "${#built[@]}" '>' 150 'the objects of all programs are found'
# Of one source, whichever program it is in
alone=$(nm -A -P "${built[@]}" | awk '{
		file = $1
		sub(/:$/, "", file)
		sub(/^build\/tools\/obj[^\/]*\//, "", file)
	}
	$3 == "U" { users[$2] = users[$2] " " file }
	$3 ~ /^[TDBRVW]$/ { home[$2] = file }
	END {
		for (name in home) {
			n = split(users[name], user)
			for (i = 1; i <= n && user[i] == home[name]; i++);
			if (i > n && name != "main")
				print name
		}
	}' | sort)
is_empty "$(comm -23 <(echo "$alone") <(tr ' ' '\n' <<<"$for_tests" | sort))" 'nothing is global that nobody else names'
is_empty "$(comm -13 <(echo "$alone") <(tr ' ' '\n' <<<"$for_tests" | sort))" 'and what is said to be for tests is there'

# Text for people goes by output/text.h, which lets no control character of other people through. What is for programs,
# or a file, has rules of its own.
may_print='lib/base/die.c lib/base/text.c lib/output/json.c lib/output/metrics.c lib/output/publish.c lib/output/text.c
lib/series/plot.c lib/series/screen.c lib/system/install.c
guest-tools/setup/adopt.c guest-tools/setup/journal.c guest-tools/setup/prestart.c host-tools/config/generate.c'
printers=$(grep -lE '(^|[^a-z_])(v?f?printf|f?puts|f?putc|fputs|putchar|fwrite|perror)\(' {lib,guest-tools,host-tools}/*/*.c)
is "$(comm -12 <(sort <<<"$printers") <(tr ' ' '\n' <<<"$may_print" | sort))" "$(tr ' ' '\n' <<<"$may_print" | sort)" \
	'what may print does'
is_empty "$(comm -23 <(sort <<<"$printers") <(tr ' ' '\n' <<<"$may_print" | sort))" 'nothing else prints but by output/text.h'
is "$(grep -l '\\033' {lib,guest-tools,host-tools}/*/*.c)" lib/series/screen.c 'one file has control sequences'
done_testing
