-- For Flux's job shell, which goes to /tmp when a job's working directory is missing and only warns: the job fails
-- instead, as it does on the local member. The shell loads this file by its option `userrc`.

-- Why a folder can't be entered; nil when it can.
local function why_not (folder)
  local file, message, errno = io.open (folder .. "/.")
  if file then
    file:close ()
    return nil
  end
  -- A folder may be entered that can't be read: then a file in it that is missing is what is missing.
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
      -- After the output files have been opened, so that the reason stands there too.
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
