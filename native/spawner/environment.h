#pragma once

#include <string>
#include <string_view>

namespace flux_ensemble::spawner {

// Gives variables that are not UTF-8 back their bytes. The host is a Node process, and Node has
// only text: it passes a value on with U+FFFD in place of each invalid sequence, and a variable
// whose name is empty or invalid not at all. The bytes are in the environment that the host itself
// was started with. Variables that the host has changed meanwhile stay as the host passed them.
void RestoreEnvironment();

// Text as UTF-8 decoders read it: U+FFFD for each sequence of bytes that is not valid (WHATWG).
std::string ReplaceInvalidUtf8(std::string_view bytes);

}  // namespace flux_ensemble::spawner
