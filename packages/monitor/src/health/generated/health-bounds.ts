// Generated from the bounds of the checks in health/checks by `npm run generate`. Do not edit.

/** Every number that the built-in health checks compare their measurements with. */
export interface HealthBounds {
  /**
   * An event loop or thread pool that was blocked for longer is degraded.
   *
   * Unit: seconds. Used by: `responsiveness`.
   *
   * @defaultValue `1`
   */
  readonly blockedDegradedSeconds: number
  /**
   * An event loop or thread pool that was blocked for longer is unhealthy.
   *
   * Unit: seconds. Used by: `responsiveness`.
   *
   * @defaultValue `5`
   */
  readonly blockedUnhealthySeconds: number
  /**
   * Share of the time since the last run from which an event loop or thread pool that was blocked is degraded.
   *
   * Unit: share. Used by: `responsiveness`.
   *
   * @defaultValue `0.2`
   */
  readonly blockedDegradedShare: number
  /**
   * What blocks the process in this time after its start is not reported: it loads modules and opens stores.
   *
   * Unit: seconds. Used by: `responsiveness`.
   *
   * @defaultValue `10`
   */
  readonly startupSeconds: number
  /**
   * Share of the time since the last run from which an event loop or thread pool that was blocked is unhealthy.
   *
   * Unit: share. Used by: `responsiveness`.
   *
   * @defaultValue `0.7`
   */
  readonly blockedUnhealthyShare: number
  /**
   * Share of the memory limit from which memory use is degraded.
   *
   * Unit: share. Used by: `memory_usage`.
   *
   * @defaultValue `0.8`
   */
  readonly memoryDegradedShare: number
  /**
   * Share of the memory limit from which memory use is unhealthy.
   *
   * Unit: share. Used by: `memory_usage`.
   *
   * @defaultValue `0.9`
   */
  readonly memoryUnhealthyShare: number
  /**
   * Share of the memory limit from which memory use is critical: the process may be killed at any moment.
   *
   * Unit: share. Used by: `memory_usage`.
   *
   * @defaultValue `0.97`
   */
  readonly memoryCriticalShare: number
  /**
   * How far below its bound memory use must fall for the status to end, as a share of the limit.
   *
   * Unit: share. Used by: `memory_usage`.
   *
   * @defaultValue `0.05`
   */
  readonly memoryLeaveShare: number
  /**
   * Share of its memory limit from which the history is degraded: it has begun to delete its oldest samples.
   *
   * Unit: share. Used by: `monitoring`.
   *
   * @defaultValue `0.9`
   */
  readonly historyLimitShare: number
  /**
   * Period over which failures of the monitoring itself are counted.
   *
   * Unit: seconds. Used by: `monitoring`.
   *
   * @defaultValue `300`
   */
  readonly monitoringWindowSeconds: number
  /**
   * Time until the TLS certificate of the HTTP servers expires below which it is degraded.
   *
   * Unit: seconds. Used by: `monitoring`.
   *
   * @defaultValue `604800`
   */
  readonly certificateRemainingSeconds: number
  /**
   * Time to write, read and remove a key above which a store is degraded.
   *
   * Unit: seconds. Used by: `database_connectivity`.
   *
   * @defaultValue `1`
   */
  readonly slowSeconds: number
  /**
   * Free space below which disk space is critical: writes are about to fail.
   *
   * Unit: bytes. Used by: `disk_space`.
   *
   * @defaultValue `104857600`
   */
  readonly diskCriticalBytes: number
  /**
   * Free space below which disk space is low.
   *
   * Unit: bytes. Used by: `disk_space`.
   *
   * @defaultValue `1048576000`
   */
  readonly diskLowBytes: number
  /**
   * Free share of the volume below which disk space is low: compaction needs space for a copy.
   *
   * Unit: share. Used by: `disk_space`.
   *
   * @defaultValue `0.1`
   */
  readonly diskLowShare: number
  /**
   * Free share of the volume above which disk space is no longer low.
   *
   * Unit: share. Used by: `disk_space`.
   *
   * @defaultValue `0.12`
   */
  readonly diskLowLeaveShare: number
  /**
   * Free inodes below which they are low: each table is a file.
   *
   * Unit: count. Used by: `disk_space`.
   *
   * @defaultValue `1000`
   */
  readonly inodesLowCount: number
  /**
   * Free share of the inodes below which they are low, if the file system has a fixed number.
   *
   * Unit: share. Used by: `disk_space`.
   *
   * @defaultValue `0.05`
   */
  readonly inodesLowShare: number
  /**
   * Multiple of a bound of space or inodes that must be free for its status to end.
   *
   * Unit: factor. Used by: `disk_space`.
   *
   * @defaultValue `1.2`
   */
  readonly diskLeaveFactor: number
  /**
   * Period over which errors and write stalls are counted.
   *
   * Unit: seconds. Used by: `compaction_status`, `error_rates`.
   *
   * @defaultValue `300`
   */
  readonly windowSeconds: number
  /**
   * Duration above which a write stall is critical; a shorter one is unhealthy.
   *
   * Unit: seconds. Used by: `compaction_status`.
   *
   * @defaultValue `60`
   */
  readonly stallCriticalSeconds: number
  /**
   * Share of the window above which stalled writes are degraded.
   *
   * Unit: share. Used by: `compaction_status`.
   *
   * @defaultValue `0.05`
   */
  readonly stalledShare: number
  /**
   * Pending compaction bytes above which compaction is falling behind.
   *
   * Unit: bytes. Used by: `compaction_status`.
   *
   * @defaultValue `17179869184`
   */
  readonly pendingDegradedBytes: number
  /**
   * Pending compaction bytes above which RocksDB slows down writes.
   *
   * Unit: bytes. Used by: `compaction_status`.
   *
   * @defaultValue `68719476736`
   */
  readonly pendingUnhealthyBytes: number
  /**
   * Files in level 0 from which LevelDB slows down writes.
   *
   * Unit: count. Used by: `compaction_status`.
   *
   * @defaultValue `8`
   */
  readonly leveldbLevelZeroDegradedFiles: number
  /**
   * Files in level 0 from which LevelDB stops writes.
   *
   * Unit: count. Used by: `compaction_status`.
   *
   * @defaultValue `12`
   */
  readonly leveldbLevelZeroUnhealthyFiles: number
  /**
   * Files in level 0 from which RocksDB slows down writes.
   *
   * Unit: count. Used by: `compaction_status`.
   *
   * @defaultValue `20`
   */
  readonly rocksdbLevelZeroDegradedFiles: number
  /**
   * Files in level 0 from which RocksDB stops writes.
   *
   * Unit: count. Used by: `compaction_status`.
   *
   * @defaultValue `36`
   */
  readonly rocksdbLevelZeroUnhealthyFiles: number
  /**
   * Share of its bound at which a compaction status ends.
   *
   * Unit: share. Used by: `compaction_status`.
   *
   * @defaultValue `0.75`
   */
  readonly compactionLeaveFactor: number
  /**
   * Share of failed operations of one kind above which the store is degraded.
   *
   * Unit: share. Used by: `error_rates`.
   *
   * @defaultValue `0.01`
   */
  readonly errorDegradedShare: number
  /**
   * Share of failed operations of one kind above which the store is unhealthy.
   *
   * Unit: share. Used by: `error_rates`.
   *
   * @defaultValue `0.05`
   */
  readonly errorUnhealthyShare: number
  /**
   * Share of failed operations of one kind above which the store is critical.
   *
   * Unit: share. Used by: `error_rates`.
   *
   * @defaultValue `0.5`
   */
  readonly errorCriticalShare: number
  /**
   * Share of its bound at which an error status ends.
   *
   * Unit: share. Used by: `error_rates`.
   *
   * @defaultValue `0.5`
   */
  readonly errorLeaveFactor: number
  /**
   * Operations in the window below which the share of failed ones is not evaluated.
   *
   * Unit: count. Used by: `error_rates`.
   *
   * @defaultValue `20`
   */
  readonly errorMinimumOperations: number
}
