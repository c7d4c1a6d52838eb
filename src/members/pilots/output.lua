-- Gives the output of a job that names no file one in the folder of the run, with the name that the run expects
-- (src/model/kept-files.ts). Flux's job shell loads this file by its option `userrc`, on each node of a pilot.

local ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
local MAX_ENTRIES = 1000

-- The id of a job in the run: the bits for the rank of the broker hold the pilot (native/tree/instance_id.h). Numbers of
-- Lua are exact up to 2^53, which ids exceed after six days; nil for these.
local function id_of (own, pilot)
  if own >= 2 ^ 53 then return nil end
  return own + (2 ^ 14 - pilot) * 2 ^ 10
end

-- In base 58, as Flux prints it.
local function f58 (id)
  local digits = ""
  repeat
    local digit = id % 58
    digits = ALPHABET:sub (digit + 1, digit + 1) .. digits
    id = (id - digit) / 58
  until id == 0
  return "f" .. digits
end

local function block_of (number) return math.floor (number / MAX_ENTRIES) end

-- A folder has at most 1,000 folders.
local function numbered (number)
  local block = block_of (number)
  local name = ("%.0f"):format (number)
  return block == 0 and name or ("%.0fk/%s"):format (block, name)
end

local function exists (path)
  local file = io.open (path)
  if file then file:close () end
  return file ~= nil
end

-- Returns the path without its extension; nil where it is unknown.
local function place ()
  local attributes = shell.info.jobspec.attributes
  local folder = attributes.system.ensemble_output
  local origin = attributes.user and attributes.user.origin
  local pilot = tonumber (os.getenv ("FLUX_ENSEMBLE_PILOT") or "")
  local id = pilot and id_of (shell.info.jobid, pilot)
  if not folder or not origin or not id then return nil end
  folder = folder .. "/" .. numbered (origin.firing)
  local block = block_of (origin.index)
  if block > 0 then folder = ("%s/%.0fk"):format (folder, block) end
  if not exists (folder .. "/.") then
    os.execute ("mkdir -p '" .. folder:gsub ("'", "'\\''") .. "'")
  end
  return ("%s/%.0f-%s"):format (folder, origin.index, f58 (id))
end

local output = shell.options.output or {}
local named = output.stdout and output.stdout.path
local path = not named and place ()
if path then
  local kept = { path .. ".out" }
  output.stdout = { type = "file", path = kept[1] }
  if not (output.stderr and output.stderr.path) then
    kept[2] = path .. ".err"
    output.stderr = { type = "file", path = kept[2] }
  end
  shell.options.output = output

  -- A job without output has no file.
  plugin.register {
    name = "ensemble-output",
    handlers = {
      {
        topic = "shell.exit",
        fn = function ()
          if shell.info.rank ~= 0 then return end
          for _, name in ipairs (kept) do
            local file = io.open (name)
            local size = file and file:seek ("end")
            if file then file:close () end
            if size == 0 then os.remove (name) end
          end
        end
      }
    }
  }
end
