/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause */
/*
 * What a host tells its guests of its clock over vsock: `ptpkvm-host serve`
 * sends it, `ptpkvm guard` reads it. Its text, with the formula of the bounds,
 * is in Documentation/host-record.rst.
 *
 * Copyright (C) 2026 The ptp_kvm project
 *
 * A guest connects to port HOST_CLOCK_PORT of CID 2 (VMADDR_CID_HOST), from a
 * port below 1024, and reads. It gets one record at once, another each second,
 * and one as soon as anything in it changes but its time; it sends nothing.
 */
#ifndef HOST_CLOCK_RECORD_H
#define HOST_CLOCK_RECORD_H

#include <linux/types.h>

/*
 * Below 1024, which AF_VSOCK keeps for CAP_NET_BIND_SERVICE: no user of the
 * host can listen in the place of the service. PTP's own number over UDP.
 */
#define HOST_CLOCK_PORT			319

#define HOST_CLOCK_MAGIC		0x524b4350	/* "PCKR" */
#define HOST_CLOCK_VERSION		1

/* Bits of host_clock_record.flags: which fields are valid. */
#define HOST_CLOCK_VALID_MAX_ERROR	(1U << 0)
#define HOST_CLOCK_VALID_REF_ERROR	(1U << 1)
#define HOST_CLOCK_VALID_TAI_OFFSET	(1U << 2)
#define HOST_CLOCK_VALID_LEAP		(1U << 3)
#define HOST_CLOCK_VALID_SMEAR		(1U << 4)

/* bound_source: who the bounds and the status are from */
enum host_clock_source {
	HOST_CLOCK_SOURCE_NONE			= 0,
	HOST_CLOCK_SOURCE_KERNEL		= 1,	/* adjtimex's maxerror */
	HOST_CLOCK_SOURCE_CHRONY		= 2,
	HOST_CLOCK_SOURCE_PTP4L			= 3,
};

/**
 * struct host_clock_record - 96 bytes, little endian
 * @magic:		HOST_CLOCK_MAGIC
 * @version:		HOST_CLOCK_VERSION or later: later ones are longer, and
 *			begin with what this one has
 * @size:		of the whole record, bytes: 96 to 4096. A reader takes
 *			the fields that it knows and passes over the rest
 * @host_id:		opaque; changes with the host and with its boot. Says
 *			nothing else of either. All zero: not known, then
 *			@marker is not either
 * @marker:		opaque; changes whenever the host's clock is stepped.
 *			Like @host_id it survives a restart of the service
 * @time_ns:		CLOCK_REALTIME of the host when the record was made,
 *			nanoseconds since 1970, signed. The guest reads its
 *			PTP clock for the record's age
 * @max_error_ns:	bound on the host's error to UTC at @time_ns,
 *			nanoseconds; if HOST_CLOCK_VALID_MAX_ERROR
 * @ref_error_ns:	bound on its error to the grandmaster, or to the NTP
 *			server, that it follows or followed last, nanoseconds;
 *			if HOST_CLOCK_VALID_REF_ERROR
 * @drift_ppb:		how fast both bounds grow from @time_ns on, nanoseconds
 *			per second
 * @flags:		HOST_CLOCK_VALID_*; bits that a reader doesn't know
 *			mean nothing to it
 * @tai_offset_s:	TAI - UTC, seconds, signed: 37 in 2026; if
 *			HOST_CLOCK_VALID_TAI_OFFSET
 * @status:		enum kvm_clock_pairing_status (kvm_clock_pairing.h);
 *			another is as unknown, 0
 * @bound_source:	enum host_clock_source
 * @leap:		enum kvm_clock_pairing_leap; if HOST_CLOCK_VALID_LEAP
 * @smear:		enum kvm_clock_pairing_smear; if HOST_CLOCK_VALID_SMEAR
 * @reserved:		zero
 */
struct host_clock_record {
	__le32	magic;
	__le16	version;
	__le16	size;
	__u8	host_id[16];
	__le64	marker;
	__le64	time_ns;
	__le64	max_error_ns;
	__le64	ref_error_ns;
	__le32	drift_ppb;
	__le32	flags;
	__le32	tai_offset_s;
	__u8	status;
	__u8	bound_source;
	__u8	leap;
	__u8	smear;
	__u8	reserved[24];
};

#endif
