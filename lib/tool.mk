# SPDX-License-Identifier: GPL-2.0-or-later
# Builds TOOL from its folder, the rooms in it, and those rooms of lib/ that ROOMS names; included by that folder's
# Makefile. A file is #included as "room/file.h", and looked for in the tool's folder and then in lib/.
# STATIC=1: one that runs in every suite's guest. LIBS: libraries beside libm. WERROR= (empty): a compiler that
# warns of something new does not stop a distribution's build.

MAKEFLAGS += -r

OUT ?= ../build
OBJ = $(OUT)/obj-$(TOOL)
CC ?= gcc
CFLAGS ?= -O2 -g
WERROR ?= -Werror
WARN := -Wall -Wextra $(WERROR) -Wshadow -Wstrict-prototypes -Wmissing-prototypes

SOURCES := $(wildcard *.c */*.c)
LIB := $(wildcard $(ROOMS:%=../lib/%/*.c))
OBJECTS := $(SOURCES:%.c=$(OBJ)/%.o) $(LIB:../%.c=$(OBJ)/%.o)
DEPS := $(wildcard *.h */*.h ../lib/*/*.h ../include/*.h) Makefile ../lib/tool.mk

$(OUT)/$(TOOL): $(SOURCES:%.c=$(OBJ)/%.o) $(OBJ)/lib.a
	$(CC) $(CFLAGS) $(LDFLAGS) $(if $(STATIC),-static) -pthread -o $@ $^ $(LIBS) -lm

objects: $(OBJECTS)

# Of which the linker takes what the tool needs
$(OBJ)/lib.a: $(LIB:../%.c=$(OBJ)/%.o)
	rm -f $@
	ar rcs $@ $^

compile = $(CC) -std=gnu11 -D_GNU_SOURCE $(CFLAGS) $(WARN) -pthread -I. -I../lib $(CPPFLAGS) -c -o $@ $<

$(OBJ)/lib/%.o: ../lib/%.c $(DEPS)
	@mkdir -p $(@D)
	$(compile)

$(OBJ)/%.o: %.c $(DEPS)
	@mkdir -p $(@D)
	$(compile)

.PHONY: objects
.DELETE_ON_ERROR:
