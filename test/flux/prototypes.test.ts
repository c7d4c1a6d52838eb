/** The prototypes of libflux-core in native/flux/flux_library.h, beside the headers of the flux-core of this machine. */

import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newFolder, root } from '../support/cli.js';

/** Returns the flags of the compiler for flux-core's headers; null without them. */
function headers(): string[] | null {
  const { status, stdout } = spawnSync('pkg-config', ['--cflags', 'flux-core'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim().split(' ') : null;
}

const flags = headers();

// Our opaque types stand for flux-core's, so the types of a function are compared after the names have been exchanged.
const CHECK = `
#include <flux/core.h>
#include <type_traits>
#include "flux/flux_library.h"

namespace core = flux_ensemble::flux;

template <typename T> struct Theirs { using type = T; };
template <typename T> struct Theirs<T*> { using type = typename Theirs<T>::type*; };
template <typename T> struct Theirs<const T> { using type = const typename Theirs<T>::type; };
template <> struct Theirs<core::Broker> { using type = flux_t; };
template <> struct Theirs<core::Future> { using type = flux_future_t; };
template <> struct Theirs<core::Message> { using type = flux_msg_t; };
template <> struct Theirs<core::Match> { using type = struct flux_match; };
template <> struct Theirs<core::ErrorText> { using type = flux_error_t; };
template <typename R, typename... A> struct Theirs<R (*)(A...)> {
  using type = typename Theirs<R>::type (*)(typename Theirs<A>::type...);
};

#define CHECK_FUNCTION(name, result, parameters)                                            \\
  static_assert(std::is_same_v<Theirs<decltype(core::FluxLibrary::name)>::type,             \\
                               decltype(&flux_##name)>, "flux_" #name);
FLUX_ENSEMBLE_FUNCTIONS(CHECK_FUNCTION)

static_assert(sizeof(core::Match) == sizeof(struct flux_match));
static_assert(offsetof(core::Match, matchtag) == offsetof(struct flux_match, matchtag));
static_assert(offsetof(core::Match, topic_glob) == offsetof(struct flux_match, topic_glob));
static_assert(sizeof(core::ErrorText) == sizeof(flux_error_t));
static_assert(core::kNoMatchtag == FLUX_MATCHTAG_NONE);
static_assert(core::kResponseType == FLUX_MSGTYPE_RESPONSE);
static_assert(core::kAnyType == FLUX_MSGTYPE_ANY);
static_assert(core::kAnyNode == FLUX_NODEID_ANY);
static_assert(core::kNoResponse == FLUX_RPC_NORESPONSE);
static_assert(core::kStreaming == FLUX_RPC_STREAMING);
static_assert(core::kNonblock == FLUX_O_NONBLOCK);
static_assert(core::kPollIn == FLUX_POLLIN);
static_assert(core::kPollError == FLUX_POLLERR);
`;

/** Compiles a text, and returns what the compiler says. */
function compile(text: string): string {
  const file = join(newFolder(), 'check.cpp');
  writeFileSync(file, text);
  const args = ['-std=c++20', '-fsyntax-only', `-I${join(root, 'native')}`, ...(flags ?? []), file];
  try {
    return execFileSync('g++', args, { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
}

describe.skipIf(flags === null)(
  flags === null ? "prototypes (skipped: flux-core's headers are missing)" : 'the prototypes of libflux-core',
  () => {
    test('are those of its headers', () => {
      expect(compile(CHECK)).toBe('');
    });

    test('are compared: another constant and another function are reported', () => {
      expect(compile(`${CHECK}static_assert(core::kStreaming == FLUX_RPC_NORESPONSE);`)).toContain(
        'static assertion failed',
      );
      const other =
        'CHECK_FUNCTION(get_rank, int, ())\nstatic_assert(std::is_same_v<decltype(&flux_get_rank), int (*)()>);';
      expect(compile(`${CHECK}${other}`)).toContain('static assertion failed');
    });
  },
);
