#pragma once

#include <string>
#include <string_view>

namespace flux_ensemble::spawner {

// Restores the bytes of variables that are not UTF-8. The host is a Node process, which passes
// environment variables as text. It replaces each invalid sequence of a value by U+FFFD, and drops
// variables with an empty or invalid name. The bytes are in the environment that the host itself
// was started with. Variables that the host has changed since stay as the host passed them.
void RestoreEnvironment();

// Text as UTF-8 decoders read it: U+FFFD for each sequence of bytes that is not valid (WHATWG).
std::string ReplaceInvalidUtf8(std::string_view bytes);

}  // namespace flux_ensemble::spawner
