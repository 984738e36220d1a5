# SPDX-License-Identifier: GPL-2.0-or-later
# For people; Kbuild is for the kernel's build. `make help` lists the targets.

KDIR ?= /lib/modules/$(shell uname -r)/build
# Of the packages that make deb builds, and of the image
SUITE ?= trixie
TESTS ?= tests/build tests/unit tests/boot

# Where all goes that is installed, for packagers; the kernel's own variable for that holds for the module
INSTALL_MOD_PATH ?= $(DESTDIR)

# The kernel that KDIR is for, and where its modules go
kernel := $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h 2>/dev/null)
moddir := $(INSTALL_MOD_PATH)/lib/modules/$(kernel)

# Headers of a distribution come without the key that kbuild would sign with.
nosign := $(if $(wildcard $(KDIR)/certs/signing_key.pem),,CONFIG_MODULE_SIG_ALL=)

# Where there is that kernel, and not only a place for modules of it
depmod = [ ! -e $(moddir)/modules.order ] || depmod $(if $(INSTALL_MOD_PATH),-b $(INSTALL_MOD_PATH)) $(kernel)

# Where the tools go; DESTDIR as usual
PREFIX ?= /usr/local
# Where node_exporter takes files from: as its packages, and most roles, have it here
TEXTFILES ?= /var/lib/$(if $(wildcard /etc/redhat-release),node_exporter/textfile_collector,prometheus/node-exporter)
bindir := $(DESTDIR)$(PREFIX)/bin
unitdir := $(DESTDIR)$(PREFIX)/lib/systemd/system
mandir := $(DESTDIR)$(PREFIX)/share/man/man8
completiondir := $(DESTDIR)$(PREFIX)/share/bash-completion/completions

.DEFAULT_GOAL := all

help: ## this list
	@echo 'Targets (make alone: all):'
	@sed -nE 's/^([a-z_-]+):.*## (.*)/  \1\t\2/p' Makefile | expand -t 20

all: modules ptpkvm ## the module, and the guest's tool

install: modules_install ptpkvm_install ## both, as root

uninstall: modules_uninstall ptpkvm_uninstall ## both

modules: kdir ## driver/ptp_kvm.ko for the kernel of KDIR= (default: the running one)
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

modules_install: kdir ## install it under updates/, as root (DESTDIR=, or INSTALL_MOD_PATH= as in the kernel)
	@if grep -qs '/ptp_kvm\.ko$$' $(moddir)/modules.builtin; then \
		echo 'ptp_kvm is built into $(kernel): a module cannot replace it.' >&2; \
		exit 1; \
	fi
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(INSTALL_MOD_PATH) INSTALL_MOD_DIR=updates $(nosign) modules_install
	$(depmod)

modules_uninstall: kdir ## the in-tree driver again
	rm -f $(moddir)/updates/driver/ptp_kvm.ko*
	$(depmod)

ptpkvm: ## build/ptpkvm, and its man page if there is scdoc
	$(call build_tool,guest-tools)

ptpkvm-host: ## build/ptpkvm-host, the host's tool; needs libyaml-dev
	$(call build_tool,host-tools)

ptpkvm_install: ## the guest's tool, its units and completion under PREFIX= (default: /usr/local), as root (DESTDIR=)
	$(call install_tool,guest-tools)

ptpkvm-host_install: ## the host's tool
	$(call install_tool,host-tools)

ptpkvm_uninstall: ## type ptpkvm remove first, if you have used setup
	$(call uninstall_tool,guest-tools)

ptpkvm-host_uninstall: ## type ptpkvm-host config --uninstall first, if you have used --install
	$(call uninstall_tool,host-tools)

# The program of a folder
tool = $(if $(filter host-tools,$(1)),ptpkvm-host,ptpkvm)

define build_tool
@mkdir -p build
+@$(MAKE) -s -C $(1) OUT=$(CURDIR)/build
@if command -v scdoc >/dev/null; then \
	{ printf "%s\\n" "'\\\" t" && scdoc <$(1)/man/$(tool).8.scd; } >build/$(tool).8 || exit; \
else \
	rm -f build/$(tool).8; \
	echo 'No man page: scdoc is not installed ($(tool) VERB --help has the options).'; \
fi
endef

define install_tool
@test -x build/$(tool) || { echo 'Not built yet: type make $(tool), and then this again.' >&2; exit 1; }
install -D -m 755 build/$(tool) $(bindir)/$(tool)
install -D -m 644 $(1)/completion/$(tool) $(completiondir)/$(tool)
# Where 0.1.0 had it, which units that its setup wrote still name
[ ! -f $(bindir:bin=sbin)/$(tool) ] || [ $(bindir:bin=sbin) -ef $(bindir) ] || ln -sf ../bin/$(tool) $(bindir:bin=sbin)/$(tool)
[ ! -e build/$(tool).8 ] || install -D -m 644 build/$(tool).8 $(mandir)/$(tool).8
mkdir -p $(unitdir)
for unit in $(wildcard $(1)/systemd/*); do \
	sed 's|/usr/bin/$(tool)|$(PREFIX)/bin/$(tool)|; s|/var/lib/prometheus/node-exporter|$(TEXTFILES)|' $$unit >$(unitdir)/$${unit##*/} || exit; \
done
endef

define uninstall_tool
rm -f $(bindir)/$(tool) $(bindir:bin=sbin)/$(tool) $(completiondir)/$(tool) $(mandir)/$(tool).8 \
	$(patsubst $(1)/systemd/%,$(unitdir)/%,$(wildcard $(1)/systemd/*))
endef

kdir:
	@if [ -z '$(kernel)' ]; then \
		echo 'There are no kernel headers in $(KDIR).' >&2; \
		echo 'Install them (Debian: apt install linux-headers-$$(uname -r)), or say KDIR=.' >&2; \
		exit 1; \
	fi

deb: ## Debian's packages of this commit, for SUITE= (default: trixie; needs mmdebstrap, bubblewrap) into build/deb
	vm-images/build-deb $(SUITE)

rpm: ## RPM packages of this commit, into build/rpm
	vm-images/build-rpm

demo: deps tools ## a guest on its host's time, shown in emulation (or DIRECT=1)
	tests/demo

check: deps tools ## every test, with one suite or kernel where others only repeat; TESTS= chooses files or folders
	tests/run $(TESTS)

check-all: export TIER = all
check-all: deps tools ## every test with all there is
	tests/run $(TESTS)

check-debug: deps tools ## host and guest kernels with KASAN, UBSAN and lockdep (builds them: an hour and more)
	tests/run tests/debug

bench: deps tools ## side by side: this driver, the in-tree one, NTP (README in tests/bench)
	tests/bench/run

images: deps ## root images of the lab, all of them
	vm-images/build-image --all

image: deps ## build/image/ptpkvm-SUITE.qcow2, which boots by itself (SUITE=bookworm, trixie, sid)
	@case '$(SUITE)' in bookworm | trixie | sid) ;; \
		*) echo 'There is no ready image of $(SUITE): SUITE= is bookworm, trixie or sid.' >&2; exit 1 ;; esac
	vm-images/build-deb $(SUITE) build/deb-$(SUITE)
	vm-images/ready/build $(SUITE)

deps: ## Debian packages the lab needs
	@tests/deps

tools: ## the tests' own programs
	@$(MAKE) -s -C tests/tools OUT=$(CURDIR)/build/tools
	@$(MAKE) -s -C tests/unit OUT=$(CURDIR)/build/unit
	@$(MAKE) -s -C guest-tools OUT=$(CURDIR)/build/tools STATIC=1
	@$(MAKE) -s -C host-tools OUT=$(CURDIR)/build/tools STATIC=1

clean: ## what was built here (not the images)
	rm -rf build
	-[ ! -d $(KDIR) ] || $(MAKE) -C $(KDIR) M=$(CURDIR) clean

clean-images: ## the lab's images and kernels, wherever their cache is
	vm-images/clean-images
	host-patch/clean

.PHONY: help all install uninstall ptpkvm ptpkvm_install ptpkvm_uninstall \
	ptpkvm-host ptpkvm-host_install ptpkvm-host_uninstall modules modules_install modules_uninstall \
	kdir deb rpm image demo check check-all check-debug bench images deps tools clean clean-images
