// The only includer of Node-API. Exceptions are off. Calls from native code to JavaScript use only
// raw napi_* functions with every status checked, because a worker may be terminated at any of
// them.
#pragma once

#include <napi.h>
