-- One token bucket: KEYS[1] its key, ARGV[1] its capacity, ARGV[2] tokens a second.
-- Answers whether a token was there, and how many are left.
local now = redis.call('TIME')
local micros = now[1] * 1000000 + now[2]
local capacity, rate = tonumber(ARGV[1]), tonumber(ARGV[2])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'micros')
local tokens = tonumber(bucket[1]) or capacity
local last = tonumber(bucket[2]) or micros
tokens = math.min(capacity, tokens + (micros - last) * rate / 1000000)
local allowed = 0
if 1 <= tokens then
  tokens = tokens - 1
  allowed = 1
end
redis.call('HSET', KEYS[1], 'tokens', tokens, 'micros', micros)
redis.call('PEXPIRE', KEYS[1], math.ceil(capacity / rate * 1000) + 1000)
return {allowed, math.floor(tokens)}
