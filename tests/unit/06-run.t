#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/run, with tests made up for it in a tree of their own: what it runs, in which order, what it makes first, and
# what it runs again.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
unset TIER

mkdir -p "$tree"/{host-patch,vm-images,tests/lib}
cp tests/run tests/may-skip "$tree/tests/"
cp tests/lib/{tap.sh,timed} "$tree/tests/lib/"
cat >"$tree/vm-images/build-image" <<-'END'
	#!/bin/sh
	[ "$1" = --list ] || echo "image $*" >>made
	printf '%s\n' host bookworm trixie sid packaging-bookworm
END
for program in vm-images/fetch-qemu vm-images/fetch-debs host-patch/build; do
	cat >"$tree/$program" <<-'END'
		#!/bin/sh
		[ "$1" = --list ] || echo "${0##*/}${1+ $*}" >>made
		printf '%s\n' stock-6.1 stock-6.12 patched-6.12
	END
done
sed 's/^\(\s*printf\) .*/\1 debian-6.18/' "$tree/host-patch/build" >"$tree/vm-images/debian-kernel"
chmod +x "$tree"/{host-patch,vm-images}/*

# made_up FILE [HEADER-LINE...]: what it does comes from standard input; it says when it runs
made_up() {
	mkdir -p "$tree/$(dirname "$1")"
	{
		printf '%s\n' '#!/bin/bash' "${@:2}" '. tests/lib/tap.sh' 'echo "${0#tests/}" >>ran' 'logs=build/logs/$(basename "${0%.t}")'
		cat
	} >"$tree/$1"
	chmod +x "$tree/$1"
}

# run ARG...: in $status, $said, and the files ran and made
run() {
	rm -f "$tree"/{ran,made}
	status=0
	said=$(cd "$tree" && tests/run "$@" 2>&1) || status=$?
}

# ran FILES DESC: those and no others, in this order, or all_of in any
ran() {
	is "$(xargs <"$tree/ran")" "$1" "$2"
}
all_of() {
	is "$(sort "$tree/ran" | xargs)" "$1" "$2"
}

closing() {
	is "$(tail -n 1 <<<"$said")" "$1" "$2"
}

# --- which ---

made_up tests/unit/1.t <<<'pass "bookworm stock-6.12"; done_testing'
made_up tests/unit/2.t '# check: bookworm' <<<'pass "$(tier_cases | xargs)"; done_testing'
made_up tests/unit/3.t '# check: bookworm' '# check-all: trixie sid' <<<'for c in $(tier_cases); do pass "$c"; done; done_testing'
made_up tests/unit/4.t '# check-all: sid' <<<'pass x; done_testing'
run tests/unit
is "$status" 0 'check: passes'
all_of 'unit/1.t unit/2.t unit/3.t' 'check: what is not for check-all alone'
closing '3 passed, 0 failed' 'check: the closing line'
TIER=rest run tests/unit
all_of 'unit/3.t unit/4.t' 'rest: what has something beyond check'
closing '3 passed, 0 failed' 'rest: the closing line'
is "$(cat "$tree/build/logs/result-rest")" '3 0' 'rest: the counts, for other programs'
TIER=all run tests/unit
all_of 'unit/1.t unit/2.t unit/3.t unit/4.t' 'all: everything'
closing '6 passed, 0 failed' 'all: the closing line'
TIER=al run tests/unit
is "$status" 2 'another tier: refused'

for path in tests/unit/1.t ./tests/unit/1.t "$tree/tests/unit/1.t" tests/../tests/unit/1.t; do
	run "$path"
	ran unit/1.t "named as $path"
done
said=$(cd "$tree/tests/unit" && rm ../../ran && ../run 1.t 2>&1)
ran unit/1.t 'named from another directory'
run "$PWD/tests/unit/05-tap.t"
is "$status" 2 'of another tree: refused'
run tests/none.t
is "$status" 2 'none such: refused'
run
is "$status" 2 'none named: refused'

# --- what fails ---

made_up tests/fail/skip.t <<<'skip 1 reason; pass x; done_testing'
made_up tests/fail/early.t <<<'pass x; echo 1..2; exit 1'
made_up tests/fail/none.t '# check-all: x' <<<'pass x; done_testing'
run tests/fail/skip.t
is "$status" 1 'a skip fails'
closing '2 passed, 1 failed' 'a skip: the closing line'
run tests/fail/early.t
is "$status" 1 'a test that ends too early fails'
closing '1 passed, 1 failed' 'too early: the closing line'
run tests/fail/none.t
is "$status" 1 'a run without a test fails'
closing '0 passed, 1 failed' 'no test: the closing line'

# --- in which order ---

# These are run one at a time
rm "$tree/build/logs/seconds"
for n in 1 2 3; do
	made_up tests/build/10-$n.t <<<'pass x; done_testing'
done
run tests/build
ran 'build/10-3.t build/10-2.t build/10-1.t' 'the last first, where nothing is known'
like "$said" $'Slowest tests.*\n +[0-9]+[.][0-9] tests/build/10-1[.]t +cpu [0-9.]+\n' 'and how long it took is said'
printf 'check %s tests/build/10-%s.t\n' 5 1 30 2 7 3 >"$tree/build/logs/seconds"
run tests/build
ran 'build/10-2.t build/10-3.t build/10-1.t' 'the longest first'
like "$said" $'Slowest tests.*\n +[0-9]+[.][0-9] tests/build/10-2[.]t \(30\) cpu ' 'and how long it took before is said'
is "$(sed -nE 's/^(check) [0-9.]+ (.*1[.]t)/\1 \2/p' "$tree/build/logs/seconds")" 'check tests/build/10-1.t' 'it is kept'
like "$(cat "$tree/build/logs/times")" 'test [0-9]+[.][0-9] tests/build/10-1[.]t' 'all times are kept'
rm -r "$tree/tests/build"

# --- what is made first ---

made_up tests/boot/30-a.t <<<'# bookworm, of the stage plain-bookworm; 6.12
	pass x; done_testing'
made_up tests/boot/50-b.t '# check: sid' '# check-all: trixie debian-6.18' <<<'kernel=stock-6.12
	[[ trixie != sid ]]; pass x; done_testing'
made_up tests/build/80-c.t '# check: bookworm' <<<'# ptpkvm-host, by build-deb, with fetch-debs
	pass x; done_testing'
run tests/boot/30-a.t
is "$(xargs -d '\n' <"$tree/made")" 'image bookworm host fetch-qemu' 'one test: what it names, and the host'
run tests/boot
is "$(xargs -d '\n' <"$tree/made")" 'image bookworm sid host fetch-qemu build stock-6.12' 'a folder: all of it'
ran 'boot/30-a.t boot/50-b.t' 'those that measure time come last'
TIER=rest run tests/boot
is "$(xargs -d '\n' <"$tree/made")" 'image trixie host fetch-qemu build stock-6.12 debian-kernel debian-6.18' 'the other tier: that'
run tests/build
is "$(xargs -d '\n' <"$tree/made")" 'image bookworm packaging-bookworm fetch-debs bookworm' 'packages: where they are built'
run tests/unit/1.t
fails 'nothing, if nothing is needed' test -e "$tree/made"

# --- what runs again ---

# lost FILE WHAT: a test that ends by WHAT when it runs first, and passes then
lost() {
	made_up "$1" <<<'mkdir -p "$logs"
		echo "a console" >"$logs/host.log"
		[[ $(grep -cF "${0#tests/}" ran) = 1 ]] || { pass x; pass y; done_testing; }
		'"$2"
}
gone='tap_lost "$logs/lost" "the emulated host hung"'
rm -r "$tree/tests/boot"
lost tests/boot/10-a.t "pass x; $gone; bail gone"
run tests/boot
is "$status" 0 'a lost machine: again'
ran 'boot/10-a.t boot/10-a.t' 'lost: once'
closing '2 passed, 0 failed' 'lost: the closing line'
like "$said" $'Run again: tests/boot/10-a.t: the emulated host hung' 'lost: it is said'
like "$(cat "$tree/build/logs/again")" '^tests/boot/10-a.t: the emulated host hung .build/logs/again-1.$' 'lost: and kept'
like "$(cat "$tree/build/logs/again-1/tap")" 'ok 1 - x.*not ok 2 - gone' 'lost: with its first TAP'
is "$(cat "$tree/build/logs/again-1/host.log")" 'a console' 'lost: and its console'
like "$(cat "$tree/build/logs/times")" 'test.*10-a.*test.*10-a' 'lost: both have taken time'

# Once was seen: a true fault, then the loss, and "0 failed"
lost tests/boot/10-a.t "flunk fault; $gone; bail gone"
run tests/boot
is "$status" 1 'a fault, and then lost: fails'
ran boot/10-a.t 'a fault, and then lost: not again'
closing '0 passed, 2 failed' 'a fault, and then lost: the closing line'
lost tests/boot/10-a.t "pass x; $gone; flunk 'no answer'; flunk 'nor here'; done_testing"
run tests/boot
is "$status" 0 'lost, and what follows from it: again'
lost tests/boot/10-a.t "pass x; bail gone"
mkdir -p "$tree/build/logs/10-a"
echo '9 the emulated host hung' >"$tree/build/logs/10-a/lost"
run tests/boot
is "$status" 1 'the record of an earlier run does not count'
lost tests/boot/10-a.t 'echo hung >"$logs/lost"; bail gone'
run tests/boot
is "$status" 1 'nor one that does not say when'
lost tests/boot/10-a.t "kernel=patched-6.12; $gone; bail gone"
run tests/boot
is "$status" 1 'a patched host: not again'

lost tests/boot/10-a.t "$gone; bail gone"
lost tests/boot/11-b.t "$gone; bail gone"
run tests/boot
is "$status" 0 'two: again'
is "$(wc -l <"$tree/build/logs/again")" 2 'two: both are kept'
lost tests/boot/12-c.t "$gone; bail gone"
run tests/boot
is "$status" 1 'three: fails'
closing '0 passed, 3 failed' 'three: the closing line'
rm "$tree"/tests/boot/1[12]*
made_up tests/boot/10-a.t <<<"mkdir -p \"\$logs\"; $gone; bail gone"
run tests/boot
is "$status" 1 'lost each time: fails'
is "$(wc -l <"$tree/ran")" 3 'lost each time: again twice'
lost tests/boot/10-a.t "$gone; bail gone"
made_up tests/boot/11-b.t <<<'flunk fault; done_testing'
run tests/boot
is "$status" 1 'a fault elsewhere: fails'

# --- .ci/run ---

mkdir -p "$tree"/{.ci,bin,build/logs}
cp .ci/run "$tree/.ci/"
printf '%s\n' '#!/bin/sh' 'echo "$* $TIER: $(cat want-$TIER)"' 'cp want-$TIER build/logs/result-$TIER' \
	'! grep -q " [1-9]" want-$TIER' >"$tree/bin/make"
chmod +x "$tree/bin/make"
# both CHECK REST: what those count
both() {
	status=0
	echo "$1" >"$tree/want-check"
	echo "$2" >"$tree/want-rest"
	said=$(TIER=all PATH=$tree/bin:$PATH "$tree/.ci/run" 2>&1) || status=$?
}
both '10 0' '2 0'
is "$status $said" $'0 check check: 10 0\ncheck rest: 2 0\ncheck: 10 passed, 0 failed\nrest: 2 passed, 0 failed\n12 passed, 0 failed' \
	'.ci/run: both tiers, and the last line counts them'
both '10 1' '2 0'
is "$status $(tail -n 1 <<<"$said")" '1 12 passed, 1 failed' '.ci/run: the first fails'
both '10 0' '2 3'
is "$status $(tail -n 1 <<<"$said")" '1 12 passed, 3 failed' '.ci/run: the rest fails'
printf '%s\n' '#!/bin/sh' 'exit 2' >"$tree/bin/make"
both '10 0' '2 0'
is "$status $(tail -n 1 <<<"$said")" '1 0 passed, 2 failed' '.ci/run: make fails before any test'
done_testing
