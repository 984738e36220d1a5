# SPDX-License-Identifier: GPL-2.0-or-later
# Builds TOOL, from the files of its folder and of lib/; included by that folder's Makefile.
# STATIC=1: one that runs in every suite's guest. LIBS: libraries beside libm. WERROR= (empty): a compiler that
# warns of something new does not stop a distribution's build.

MAKEFLAGS += -r

OUT ?= ../build
OBJ = $(OUT)/obj-$(TOOL)
CC ?= gcc
CFLAGS ?= -O2 -g
WERROR ?= -Werror
WARN := -Wall -Wextra $(WERROR) -Wshadow -Wstrict-prototypes -Wmissing-prototypes

SOURCES := $(wildcard *.c)
LIB := $(notdir $(wildcard ../lib/*.c))
DEPS := $(wildcard *.h ../lib/*.h ../include/*.h) Makefile ../lib/tool.mk
vpath %.c ../lib

$(OUT)/$(TOOL): $(SOURCES:%.c=$(OBJ)/%.o) $(OBJ)/lib.a
	$(CC) $(CFLAGS) $(LDFLAGS) $(if $(STATIC),-static) -pthread -o $@ $^ $(LIBS) -lm

# Of which the linker takes what the tool needs
$(OBJ)/lib.a: $(LIB:%.c=$(OBJ)/%.o)
	rm -f $@
	ar rcs $@ $^

$(OBJ)/%.o: %.c $(DEPS) | $(OBJ)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(CFLAGS) $(WARN) -pthread -I../lib $(CPPFLAGS) -c -o $@ $<

$(OBJ):
	mkdir -p $@

.DELETE_ON_ERROR:
