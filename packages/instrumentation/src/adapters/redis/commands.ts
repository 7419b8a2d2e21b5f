import type { Operation } from '../../metrics/semconv.ts'

/** Splits a list of names. */
const names = (list: string): readonly string[] => list.split(/\s+/).filter((name) => name !== '')

/**
 * The commands of Redis and Valkey by the operation that they are counted as:
 *
 * - `get` reads one value, or one property of one key; `get_many` reads several values that the call names;
 * - `set` writes to a key, whatever the kind of its value; `batch` writes several keys at once;
 * - `delete` removes keys or parts of a value, also those that the command returns (pops);
 * - `scan` returns entries that the call does not name; `has` asks whether something is there; `clear` removes everything.
 */
const commandsByOperation: Readonly<Record<Operation, readonly string[]>> = {
  get: names(`get getex getrange substr strlen lcs hget hstrlen hlen lindex llen lpos scard zcard zcount zlexcount zscore zrank zrevrank
    xlen getbit bitcount bitpos pfcount geodist ttl pttl expiretime pexpiretime type dump sintercard zintercard`),
  get_many: names('mget hmget zmscore geopos geohash hgetex httl hpttl hexpiretime hpexpiretime bitfield_ro'),
  has: names('exists hexists sismember smismember touch'),
  set: names(`set setex psetex setnx setrange getset append incr decr incrby decrby incrbyfloat setbit bitfield bitop pfadd pfmerge
    hset hsetnx hmset hincrby hincrbyfloat hsetex hexpire hpexpire hexpireat hpexpireat hpersist lpush rpush lpushx rpushx linsert lset
    lmove rpoplpush blmove brpoplpush sadd smove sinterstore sunionstore sdiffstore zadd zincrby zrangestore zinterstore zunionstore
    zdiffstore geoadd geosearchstore xadd xack xackdel xclaim xautoclaim xsetid expire pexpire expireat pexpireat persist rename renamenx
    copy move restore restore-asking migrate`),
  batch: names('mset msetnx msetex exec'),
  delete:
    names(`del unlink getdel hdel hgetdel lrem ltrim lpop rpop blpop brpop lmpop blmpop srem spop zrem zpopmin zpopmax bzpopmin
    bzpopmax zmpop bzmpop zremrangebyrank zremrangebyscore zremrangebylex xdel xdelex xtrim delex`),
  scan: names(`scan hscan sscan zscan keys hgetall hkeys hvals hrandfield lrange smembers srandmember sinter sunion sdiff zrange zrangebylex
    zrangebyscore zrevrange zrevrangebylex zrevrangebyscore zrandmember zinter zunion zdiff xrange xrevrange xread xreadgroup xpending
    sort sort_ro georadius georadiusbymember georadius_ro georadiusbymember_ro geosearch`),
  clear: names('flushdb flushall'),
}

/** Commands that are no operation on entries: they are counted together in `db_other_commands_total`. */
export const otherCommands: ReadonlySet<string> = new Set(
  names(`acl asking auth bgrewriteaof bgsave client cluster command config dbsize debug discard echo eval eval_ro evalsha evalsha_ro failover
    fcall fcall_ro function hello info lastsave latency lolwut memory module monitor multi object pfdebug pfselftest ping psubscribe psync
    publish pubsub punsubscribe quit randomkey readonly readwrite replconf replicaof reset role save script select shutdown slaveof slowlog
    spublish ssubscribe subscribe sunsubscribe swapdb sync time unsubscribe unwatch wait waitaof watch xgroup xinfo sentinel`),
)

/** The operation of each command, by its name in lower case. */
export const operationByCommand: ReadonlyMap<string, Operation> = new Map(
  (Object.entries(commandsByOperation) as Array<[Operation, readonly string[]]>).flatMap(([operation, commands]) =>
    commands.map((command) => [command, operation] as const),
  ),
)
