#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ptpkvm watch, bench and metrics in a guest with our driver and real chronyd: what they print is what there is,
# their numbers are worked out again by jq, and promtool accepts the exposition.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/lab.sh
. tests/lib/clock.sh
. tests/lib/promtool.sh
promtool_get

# said_is STATUS DESC JQ-FILTER: the exit status, and what has to hold for all JSON values in $said together
said_is() {
	local held
	is "$status" "$1" "$2: exit status"
	held=$(jq -s "$3" <<<"$said" 2>&1) || held="no JSON: $held"
	is "$held" true "$2"
	[[ $held = true ]] || diag "$said"
}

# ptpkvm ARGUMENT...: standard output in $said, standard error in $complaint, its exit status in $status
ptpkvm() {
	status=0
	said=$(guest trixie "/lab/ptpkvm $* 2>/tmp/complaint") || status=$?
	complaint=$(guest trixie 'cat /tmp/complaint')
}

module_for trixie
lab_payload_add guest-tools/systemd/ptpkvm-metrics.{service,timer}
lab_stage systemd trixie
guest trixie 'systemctl stop chrony' || bail 'chronyd of the image cannot be stopped'

# --- no driver ---
for verb in watch bench; do
	ptpkvm "$verb"
	is "$status" 2 "$verb without the driver: broken"
	like "$complaint" "no PTP clock named 'KVM virtual PTP'.*ptpkvm check" "$verb without the driver: why, and what to type"
done
ptpkvm metrics
is "$status" 0 'metrics without the driver: written'
like "$said" 'ptpkvm_up 0' 'metrics without the driver: the clock is not up'
runs 'metrics without the driver: promtool accepts them' promtool check metrics <<<"$said"

# --- the driver, no chronyd ---
clock_load trixie
clock_source trixie tsc
# 2 s between ticks: a busy machine may stand still for one
ptpkvm watch -n 3 -i 2 --json
said_is 0 'no chronyd: direct readings' 'map(select(.type == "tick" and .phc.method == "precise" and .chrony == null)) | length == 3'
is "$(grep -c 'direct readings only' <<<"$complaint")" 1 'no chronyd: said once'

# --- the driver and chronyd ---
chrony_start trixie "$REFCLOCK_RECOMMENDED" "$MAKESTEP"
chrony_selected trixie >/dev/null
ok $? 'chronyd selects the PHC'

# What the summary must be, from the ticks. On a busy machine chronyc may take longer than a tick: that is missed.
# shellcheck disable=SC2016 # jq's variables
statistics='
def absolute: if . < 0 then -. else . end;
def summary_of($ticks; f): ($ticks | map(f | select(. != null))) as $v | ($v | length) as $n |
	{n: $n, missed: (($ticks | length) - $n)} + if $n < 2 then {} else
	($v | add / $n) as $mean | ($v | sort) as $sorted | {min_ns: $sorted[0], max_ns: $sorted[-1],
	median_ns: (($sorted[($n - 1) / 2 | floor] + $sorted[$n / 2 | floor]) / 2), mean_ns: $mean,
	p99_abs_ns: ($v | map(absolute) | sort | .[$n - 1 - ($n / 100 | floor)]),
	stddev_ns: ($v | map((. - $mean) * (. - $mean)) | add / ($n - 1) | sqrt)} end;
def same($a; $b): [$a | keys[] | ($a[.] - $b[.] | absolute) < 0.001] | all;
map(select(.type == "tick")) as $ticks | map(select(.type == "summary")) as [$s] |
length == ($ticks | length) + 1 and $s.ticks == ($ticks | length) and ($ticks | map(.tick)) == [range(1; length)] and
$s.schema == 1 and $s.clock_name == "KVM virtual PTP" and
same(summary_of($ticks; .phc.offset_ns); $s.phc) and same(summary_of($ticks; .chrony.offset_ns); $s.chrony)'
ptpkvm watch -n 5 -i 2 --json
said_is 0 'watch: five ticks and their statistics' "$statistics and length == 6 and .[5].interval_s == 2"
said_is 0 'watch: all five readings are exact' '.[:5] | map(.phc == (.phc + {error: null, window_ns: 0, method: "precise"})) | all'
# By seconds of the minute, which may be the next one
# shellcheck disable=SC2016 # jq's
said_is 0 'watch: a tick every two seconds' '.[:5] | map((.time[17:23] | tonumber) - (.tick - 1) * 2) |
	.[0] as $first | map(. - $first | if . < -30 then . + 60 else . end | . > -2 and . < 2) | all'
ptpkvm watch -n 16 -i 1 --json
said_is 0 'watch: sixteen ticks and their statistics' "$statistics and length == 17"
said_is 0 'watch: chronyd has the PHC selected' '.[:16] | map(.chrony | select(. != null)) | length >= 2 and
	(map(.source == "KVM" and .state == "*" and .selected and .reach > 0 and .poll == -1) | all)'
said_is 0 'watch: chronyd has brought the clock near' '.[16] | [.phc.median_ns, .chrony.median_ns] |
	map(. > -10000 and . < 10000) | all'
said_is 0 'watch: Allan deviation at 1 and 2 s' '.[16].phc.allan | map(.tau_s) == [1, 2] and
	(map(.deviation > 0 and .deviation < 0.001) | all)'

ptpkvm watch -n 3 -i 2 --csv
is "$(sed -n 1p <<<"$said")" $'tick,time,phc_offset_ns,phc_window_ns,phc_method,phc_error,chrony_source,chrony_state,chrony_reach,chrony_offset_ns,chrony_measured_ns,chrony_error_ns\r' \
	'watch --csv: the header'
is "$(grep -cE $'^[1-3],20[-0-9]*T[0-9:.]*Z,-?[0-9]+,0,precise,,(KVM,[*],[0-9]+(,-?[0-9]+){3}|,,,,,)\r$' <<<"$said")" 3 \
	'watch --csv: three records'
like "$complaint" 'PHC - system +3 +0 ' 'watch --csv: the summary on standard error'

ptpkvm watch -n 3 -i 2
is "$(grep -cE '^20[-0-9]*T[0-9:.]*Z +[-+][0-9]+ precise +([-+][0-9]+ KVM +[*] +[0-7]{3}|- - +- +-)$' <<<"$said")" 3 'watch: three plain lines'
like "$said" '3 ticks, 2 s apart' 'watch: and a summary'

# Ended by a signal: the summary of what there was
# shellcheck disable=SC2016 # the guest's
said=$(guest trixie 'mkfifo /tmp/ticks
	/lab/ptpkvm watch -n 0 -i 3600 --json >/tmp/ticks & pid=$!
	exec 3</tmp/ticks
	head -c 1 <&3
	kill -TERM $pid
	cat <&3
	wait $pid') && status=0 || status=$?
said_is 0 'watch: SIGTERM ends it with the summary' 'map(.type) == ["tick", "summary"] and .[1].ticks == 1'
ptpkvm 'watch -n 3 --plot /tmp/a.svg'
is "$status" 2 'watch --plot without gnuplot: refused'
like "$complaint" 'gnuplot: not installed.*Type: sudo apt install gnuplot' 'watch --plot without gnuplot: what to type'
is_empty "$said" 'watch --plot without gnuplot: before anything is measured'

# --- bench ---
ptpkvm bench --threads 2 --seconds 0.5 --json
# shellcheck disable=SC2016 # jq's
said_is 0 'bench: four ways, with one thread and two, none fails' '.[0].results | map([.method, .threads, .failed, .error]) ==
	[("precise", "extended", "offset", "gettime") as $m | (1, 2) as $t | [$m, $t, 0, null]]'
said_is 0 'bench: calls are counted and timed' '.[0].results | map(.ok >= 10 and .calls_per_s > 0 and .gain > 0 and
	.cycles.min > 0 and .cycles.min <= .cycles.p10 and .cycles.p10 <= .cycles.median and .cycles.median <= .cycles.p99 and
	.cost_ns.median > 100) | all'
said_is 0 'bench: exact pairs by precise and extended, windows by the others' '.[0].results |
	map(if .method == "precise" or .method == "extended" then .window_ns.max == 0 else .window_ns.min > 0 end) | all'
said_is 0 'bench: a call cannot take longer than a thread has for it' '.[0].results |
	map(.cost_ns.median * .calls_per_s / .threads < 1.5e9) | all'
note "$(guest trixie '/lab/ptpkvm bench --threads 2 --seconds 0.2')"
ptpkvm bench --method precise --threads 1 --seconds 0.2
is "$(grep -c '^precise ' <<<"$said") $(grep -cE '^(extended|offset|gettime) ' <<<"$said")" '1 0' 'bench --method: that one only'

# --- metrics ---
ptpkvm metrics
runs 'metrics: promtool accepts them' promtool check metrics <<<"$said"
for series in 'ptpkvm_up 1' 'ptpkvm_driver_info{kind="out-of-tree",version="[0-9.]+"} 1' \
	'ptpkvm_method_supported{method="precise"} 1' 'ptpkvm_method_supported{method="gettime"} 1' \
	'ptpkvm_phc_offset_seconds -?[0-9.e-]+' 'ptpkvm_phc_offset_uncertainty_seconds 0' 'ptpkvm_pairing_type 0' \
	'ptpkvm_chrony_up 1' 'ptpkvm_chrony_source_present 1' 'ptpkvm_chrony_selected 1' 'ptpkvm_chrony_held_out 0' \
	'ptpkvm_chrony_source_info{refid="KVM"} 1' 'ptpkvm_chrony_reach_ratio [01][.0-9]*' \
	'ptpkvm_chrony_last_offset_seconds -?[0-9.e-]+'; do
	is "$(grep -cxE "${series//\{/\\\{}" <<<"$said")" 1 "metrics: $series"
done
ptpkvm 'metrics --output /tmp/textfiles/ptpkvm.prom'
is "$status" 2 'metrics --output into a folder that is not there: broken'
like "$complaint" 'there is no folder /tmp/textfiles; make it' 'metrics --output into a folder that is not there: what to do'
guest trixie 'mkdir /tmp/textfiles'
ptpkvm 'metrics --output /tmp/textfiles/ptpkvm.prom'
is "$status" 0 'metrics --output: written'
is_empty "$said$complaint" 'metrics --output: nothing is said'
is "$(guest trixie 'stat -c %a /tmp/textfiles/ptpkvm.prom; ls -A /tmp/textfiles; grep -c "^ptpkvm_" /tmp/textfiles/ptpkvm.prom' | head -n 2)" \
	$'644\nptpkvm.prom' 'metrics --output: for others to read, and nothing else is left'
runs 'metrics --output: promtool accepts them' promtool check metrics <<<"$(guest trixie 'cat /tmp/textfiles/ptpkvm.prom')"
ptpkvm 'metrics --output /dev/null/ptpkvm.prom'
is "$status" 2 'metrics --output where no file can be: broken'

# The service, confined as it is, sees and says the same; with a chronyc that drops root, as from 4.8 on it may be built.
said=$(guest trixie 'install /lab/ptpkvm /usr/bin/
	install -m 644 /lab/ptpkvm-metrics.* /etc/systemd/system/
	mv /usr/bin/chronyc /usr/bin/chronyc.root
	printf "%s\n" "#!/bin/sh" "exec setpriv --reuid=_chrony --regid=_chrony --clear-groups /usr/bin/chronyc.root \"\$@\"" >/usr/bin/chronyc
	chmod 755 /usr/bin/chronyc
	systemctl daemon-reload; systemctl start ptpkvm-metrics.service
	journalctl -q -o cat -u ptpkvm-metrics.service')
like "$said" 'there is no folder /var/lib/prometheus/node-exporter; make it' 'the service without a textfile collector: says so'
said=$(guest trixie 'install -d -o games -g games /var/lib/prometheus/node-exporter
	systemctl start ptpkvm-metrics.service || journalctl -u ptpkvm-metrics.service | tail
	stat -c "%a %U" /var/lib/prometheus/node-exporter/*
	cat /var/lib/prometheus/node-exporter/ptpkvm.prom')
is "$(head -n 1 <<<"$said")" '644 root' 'the service: has written one file, in a directory of another user'
runs 'the service: promtool accepts it' promtool check metrics <<<"$(sed 1d <<<"$said")"
for series in 'ptpkvm_up 1' 'ptpkvm_chrony_up 1' 'ptpkvm_chrony_selected 1' 'ptpkvm_driver_info{kind="out-of-tree",version="[0-9.]+"} 1'; do
	is "$(grep -cxE "${series//\{/\\\{}" <<<"$said")" 1 "the service: $series"
done
is "$(grep ^ptpkvm_check_verdicts <<<"$said")" "$(guest trixie '/lab/ptpkvm metrics | grep ^ptpkvm_check_verdicts')" \
	'the service: check finds the same there'
# Each minute is too long to wait for; from the end of a run, so that on a busy machine, too, it is over for a while
is "$(LAB_TIMEOUT=180 guest trixie 'rm -r /var/lib/prometheus
	mkdir /etc/systemd/system/ptpkvm-metrics.timer.d
	printf "[Timer]\nOnUnitActiveSec=\nOnBootSec=30\nOnUnitInactiveSec=5\n" >/etc/systemd/system/ptpkvm-metrics.timer.d/often.conf
	systemctl daemon-reload && systemctl start ptpkvm-metrics.timer && systemctl is-active ptpkvm-metrics.timer
	until systemctl is-failed -q ptpkvm-metrics.service; do sleep 0.5; done && echo failed
	install -d -o games -g games /var/lib/prometheus/node-exporter
	until test -e /var/lib/prometheus/node-exporter/ptpkvm.prom; do sleep 0.2; done && echo written')" \
	$'active\nfailed\nwritten' 'the timer: starts it, and again when the folder is there'

# --- faults ---
for verb in 'watch -n 0 -i 0.1' 'bench -s 0.01' metrics; do
	ptpkvm "$verb >/dev/full"
	is "$status" 2 "$verb on a full disk: broken"
	like "$complaint" 'cannot write standard output: No space left on device' "$verb on a full disk: why"
	ptpkvm "$verb >&-"
	is "$status" 2 "$verb with standard output closed: broken"
done
chrony_stop trixie
guest_stop trixie
lab_check_consoles
done_testing
