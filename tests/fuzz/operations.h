// Everything that a coordinator offers, on whatever stands in the segment.
#pragma once

#include "plan.h"
#include "stage.h"

namespace e6::fuzz {

/// Attaches, does every operation in the plan's order, twice, and leaves. Each must end within its bound of (virtual) time, leave no lock behind, and
/// answer what its documentation allows.
void operate(Stage& stage, const Plan& plan);
/// Looks without taking part: the reports of inspect.h, and the readers and the check that the core makes of its own.
void look(const Stage& stage);

}  // namespace e6::fuzz
