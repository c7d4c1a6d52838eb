// Replaces the demangler of Zig's C++ library, a tenth of a prebuilt file. Only the message about
// an exception that ends the process calls it, and prints the name of the type as it is.

#include <cstddef>

extern "C" char* __cxa_demangle(const char* /*name*/, char* /*buffer*/, std::size_t* /*length*/,
                                int* status) {
  constexpr int kNotDemangled = -2;
  if (status != nullptr) *status = kNotDemangled;
  return nullptr;
}
