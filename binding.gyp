# What `npm install` runs through node-gyp. CMakeLists.txt builds the same from the same list of sources, native/sources.json.
{
  "variables": {
    # `npm run prebuild` sets these: of what is run for each event, and of the rest.
    "core_flags%": "",
    "rest_flags%": "",
    "simdjson": "<!(node -p \"path.join(path.relative('.', path.dirname(require.resolve('@nozbe/simdjson/package.json'))), 'src')\")"
  },
  "target_defaults": {
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
    # P² must give the same bits everywhere, so no multiplication and addition may be fused.
    "cflags_cc": ["-std=c++20", "-ffp-contract=off", "-fvisibility=hidden"],
    "include_dirs": ["native"]
  },
  "targets": [
    {
      "target_name": "simdjson",
      "type": "static_library",
      "sources": ["<(simdjson)/simdjson.cpp"],
      "include_dirs": ["<(simdjson)"],
      "defines": ["SIMDJSON_EXCEPTIONS=0"],
      "cflags_cc": ["-fPIC", "-w"],
      "direct_dependent_settings": {
        "cflags_cc": ["-isystem <(module_root_dir)/<(simdjson)"],
        "defines": ["SIMDJSON_EXCEPTIONS=0"]
      }
    },
    {
      "target_name": "core",
      "type": "static_library",
      "dependencies": ["simdjson"],
      "sources": ["<!@(node native/units.mjs core)"],
      "cflags_cc": ["-fPIC", "-Wall", "-Wextra", "<@(core_flags)"]
    },
    {
      "target_name": "flux_ensemble",
      "dependencies": ["core", "simdjson"],
      "sources": [
        "<!@(node native/units.mjs rest)",
        "<!@(node native/units.mjs flux)",
        "<!@(node native/units.mjs addon)"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": [
        "NAPI_VERSION=8",
        "NAPI_DISABLE_CPP_EXCEPTIONS",
        # A worker may be terminated while native code throws into it.
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "cflags_cc": ["-Wall", "-Wextra", "<@(rest_flags)"]
    },
    {
      "target_name": "ensemble-spawner",
      "type": "executable",
      "sources": ["<!@(node native/units.mjs spawner)"],
      "cflags_cc": ["-Wall", "-Wextra", "<@(rest_flags)"]
    }
  ]
}
