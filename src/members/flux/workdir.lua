-- Makes a job fail when its working directory is missing, as on the local member. Flux's job shell would only warn
-- and change to /tmp. The shell loads this file by its option `userrc`.

-- Returns why a folder can't be entered; nil when it can.
local function why_not (folder)
  local file, message, errno = io.open (folder .. "/.")
  if file then
    file:close ()
    return nil
  end
  -- A folder can be entered without permission to read it. A lookup of a missing file in it then fails with ENOENT.
  if errno == 13 then
    file, message, errno = io.open (folder .. "/./ensemble-no-such-file")
    if file then file:close () end
    if file or errno == 2 then return nil end
  end
  return (message:gsub ("^.*: ", ""))
end

plugin.register {
  name = "ensemble-workdir",
  handlers = {
    {
      -- The output files are open at this point, so the reason is written there too.
      topic = "shell.init",
      fn = function ()
        local folder = shell.info.jobspec.attributes.system.cwd
        local reason = why_not (folder)
        if reason then
          shell.die ("task 0 (host " .. shell.rankinfo.name .. "): start failed: working directory "
                     .. folder .. ": " .. reason)
        end
      end
    }
  }
}
