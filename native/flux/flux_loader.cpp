#include "flux/flux_loader.h"

#include <dlfcn.h>
#include <unistd.h>

namespace flux_ensemble::flux {

Result<const FluxSourceApi*> LoadFluxSource(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0) {
    return Error{
        "this build has no Flux member: " + path +
        " does not exist, because pkg-config found no flux-core when the package was "
        "built; install flux-core with its headers (pkg-config --exists flux-core) and run "
        "`npm rebuild flux-ensemble`, or `npm run build` in a checkout"};
  }
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const reason = dlerror();
    return Error{
        "the Flux member can't be loaded: " + std::string(reason == nullptr ? path : reason) +
        "; libflux-core must be where the dynamic linker finds it (LD_LIBRARY_PATH, "
        "ldconfig)"};
  }
  using Entry = const FluxSourceApi* (*)();
  const auto entry = reinterpret_cast<Entry>(dlsym(library, "flux_ensemble_source"));
  const FluxSourceApi* const api = entry == nullptr ? nullptr : entry();
  if (api == nullptr || api->abi != FLUX_SOURCE_ABI) {
    return Error{path +
                 " belongs to another version of this package; run `npm rebuild flux-ensemble`"};
  }
  return api;
}

}  // namespace flux_ensemble::flux
