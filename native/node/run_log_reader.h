// readRunLog(folder): the jobs of a run's log, as columns.
#pragma once

#include "node/node_addon.h"

namespace flux_ensemble::node {

// Returns a promise of a NativeRunLog (src/engine/addon.ts). The log is read on another thread.
napi_value ReadRunLog(napi_env env, napi_callback_info info);

}  // namespace flux_ensemble::node
