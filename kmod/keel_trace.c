// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints' own code and data, made by the header.
 */
#define CREATE_TRACE_POINTS
#include "keel_trace.h"
