// The only includer of Node-API. Exceptions are off; on the way from native code to JavaScript only
// raw napi_* calls are used and every status is checked, because a worker may be terminated at any
// of them.
#pragma once

#include <napi.h>
