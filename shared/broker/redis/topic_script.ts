/** `topicMatches(pattern, topic)` for scripts: {@link topicMatches} in Lua, with which it is tested. */
export const topicMatching = `
local function words(text)
  local result = {}
  if text == '' then return result end
  for word in string.gmatch(text .. '.', '([^.]*)%.') do result[#result + 1] = word end
  return result
end

local function topicMatches(pattern, topic)
  if pattern == topic or pattern == '#' then return true end
  local patterns, topics = words(pattern), words(topic)
  local at, word, hash, swallowed = 1, 1, 0, 1
  while word <= #topics do
    if patterns[at] == '#' then
      hash = at
      at = at + 1
      swallowed = word
    elseif at <= #patterns and (patterns[at] == '*' or patterns[at] == topics[word]) then
      at = at + 1
      word = word + 1
    elseif hash > 0 then
      at = hash + 1
      swallowed = swallowed + 1
      word = swallowed
    else
      return false
    end
  end
  while patterns[at] == '#' do at = at + 1 end
  return at > #patterns
end
`;
