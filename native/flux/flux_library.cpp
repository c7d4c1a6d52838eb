#include "flux/flux_library.h"

#include <dlfcn.h>

#include <mutex>
#include <optional>

namespace flux_ensemble::flux {

namespace {

std::string ReasonOf(const std::string& name) {
  const char* const reason = dlerror();
  return reason == nullptr ? name + " can't be opened" : reason;
}

// As in a linked program, a function that was loaded before comes first, like one of LD_PRELOAD.
void* FunctionOf(void* opened, const char* name) {
  void* const preloaded = dlsym(RTLD_DEFAULT, name);
  return preloaded != nullptr ? preloaded : dlsym(opened, name);
}

// The functions of an open library, or the name of the first one that it lacks.
Result<FluxLibrary> FunctionsOf(void* opened) {
  FluxLibrary library;
#define FLUX_ENSEMBLE_LOOK_UP(name, result, parameters)                                     \
  library.name = reinterpret_cast<result(*) parameters>(FunctionOf(opened, "flux_" #name)); \
  if (library.name == nullptr) return Error{"flux_" #name};
  FLUX_ENSEMBLE_FUNCTIONS(FLUX_ENSEMBLE_LOOK_UP)
#undef FLUX_ENSEMBLE_LOOK_UP
  return library;
}

Result<FluxLibrary> Open(const std::vector<std::string>& names) {
  std::string reasons;
  for (const std::string& name : names) {
    void* const opened = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (opened == nullptr) {
      reasons += "\n  " + ReasonOf(name);
      continue;
    }
    Result<FluxLibrary> library = FunctionsOf(opened);
    if (library) return library;
    dlclose(opened);
    reasons += "\n  " + name + " has no " + library.error().message + ", so it is older than 0.42";
  }
  return Error{"libflux-core can't be loaded:" + reasons +
               "\nPut the `flux` of flux-core 0.61 or later on PATH, or the folder of its "
               "libflux-core.so.2 in LD_LIBRARY_PATH."};
}

}  // namespace

Result<const FluxLibrary*> OpenFluxLibrary(const std::vector<std::string>& names) {
  static std::mutex mutex;
  static std::optional<FluxLibrary> found;
  const std::lock_guard lock(mutex);
  if (!found) {
    Result<FluxLibrary> library = Open(names);
    if (!library) return library.error();
    found = *library;
  }
  return &*found;
}

}  // namespace flux_ensemble::flux
