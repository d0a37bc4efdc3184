// SPDX-License-Identifier: GPL-2.0
/* The guest's TSC: which frequencies it can have.  See keel_tsc.h. */
#include "keel_tsc.h"

#include <asm/tsc.h>

#include "keel_log.h"
#include "vmx_caps.h"
#include "vmx_cpu.h"

/**
 * keel_tsc_choose - settle the frequency of a guest's TSC
 * @call: name of the ioctl, for the log
 * @khz: in: as the caller wants it, 0 for the host's; out: what it is; 0: the host
 *	does not know its own
 * @multiplier: out: factor to the host's, as for the VMCS; 0 for none
 *
 * Return: 0; -EOPNOTSUPP or -EINVAL as the uapi header says.
 */
int keel_tsc_choose(const char *call, u32 *khz, u64 *multiplier)
{
	*multiplier = 0;
	if (!*khz || *khz == tsc_khz) {
		*khz = tsc_khz;
		return 0;
	}
	if (!tsc_khz || !(vmx_caps_features(&vmx_caps) & KEEL_FEATURE_TSC_SCALING))
		return keel_refuse(-EOPNOTSUPP,
				   "%s: a TSC of %u kHz: the host's has %u, and this CPU has no \"use TSC scaling\"; give 0 for the host's",
				   call, *khz, tsc_khz);
	if (keel_clock_multiplier(tsc_khz, *khz, multiplier))
		return keel_refuse(-EINVAL,
				   "%s: a TSC of %u kHz is too far from the host's %u to be scaled",
				   call, *khz, tsc_khz);
	return 0;
}
