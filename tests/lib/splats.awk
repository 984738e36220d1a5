# SPDX-License-Identifier: GPL-2.0-or-later
# Finds kernel splats in a console log. -v allowed=FILE of regular expressions.
# Prints them, exit status 1 if there are any.
BEGIN {
	while ((getline line < allowed) > 0)
		if (line !~ /^(#|[ \t]*$)/)
			pass[++passes] = line
	splat = "^WARNING:|(^|[ :])BUG:|BUG at|Oops|KASAN|KCSAN|KFENCE|UBSAN|general protection fault"
	splat = splat "|Kernel panic|[Cc]all [Tt]race|self-detected stall|detected stalls|stall on CPU"
	splat = splat "|soft lockup|hard LOCKUP|lockdep|possible circular locking|INFO: task .* blocked"
	splat = splat "|INFO: trying to register non-static key|suspicious RCU usage"
	splat = splat "|unable to handle|scheduling while atomic|sleeping function called|bad page state"
	splat = splat "|refcount_t:|invalid opcode|unchecked MSR access|Out of memory:|lab (init|agent): "
}

function is_allowed(line,  i) {
	for (i = 1; i <= passes; i++)
		if (line ~ pass[i])
			return 1
	return 0
}

{
	sub(/\r$/, "")
	sub(/^(<[0-9]+>)?\[ *[0-9]+[.][0-9]+\](\[[ A-Z0-9]+\])? ?/, "")
}

# A block runs from its header to its end mark; allowed or not as a whole
/\[ cut here \]/ {
	header_next = 1
	next
}

header_next || (!block && $0 ~ splat) {
	header_next = 0
	block = 1
	shown = !is_allowed($0)
	if (shown) {
		found = 1
		print
	}
	# what has no end mark: its first line without the pattern ends it
	marked = /^(WARNING:|kernel BUG|BUG:)/
	next
}

block && /---\[ end / {
	block = 0
	next
}

block && /Kernel panic/ {
	shown = 1
	found = 1
}

block {
	if (shown && lines++ < 60)
		print
	if (!marked && $0 !~ /^[ \t]|^(RIP|RSP|R[0-9A-D][0-9X]|CR2|CS|FS|Code|CPU|Modules|Hardware|PKRU|Call Trace)/)
		block = 0
}

END {
	exit found
}
