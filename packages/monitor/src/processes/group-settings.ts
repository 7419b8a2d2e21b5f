import type { Others } from './group-operations.ts'

/** Settings of one process that can be changed while it runs. */
export interface LocalSettings<Setting> {
  /** The settings with their values. */
  list(): readonly Setting[]
  /** Changes some. @throws Error if a change is not valid; then none is changed. */
  adjust(changes: object): void
}

/** Settings of all processes. */
export interface SettingsSource<Setting> {
  list(): readonly Setting[]
  /**
   * Changes some in all processes. Resolves to the labels of those that did not answer, and may have changed nothing.
   *
   * @throws Error if a change is not valid; then none is changed.
   */
  adjust(changes: object): Promise<readonly string[]>
}

export interface GroupSettingsOptions<Setting> {
  readonly own: LocalSettings<Setting>
  /** The other processes and threads. */
  readonly others: () => readonly Others[]
  /** Returns their labels. */
  readonly otherWorkers: () => readonly string[]
}

/** The settings of this process, and of those that it collects from. */
export class GroupSettings<Setting> implements SettingsSource<Setting> {
  readonly #options: GroupSettingsOptions<Setting>

  constructor(options: GroupSettingsOptions<Setting>) {
    this.#options = options
  }

  list(): readonly Setting[] {
    return this.#options.own.list()
  }

  async adjust(changes: object): Promise<readonly string[]> {
    const { own, others, otherWorkers } = this.#options
    own.adjust(changes)
    const workers = otherWorkers()
    const answers = await Promise.all(others().map((one) => one.askAll('settings', changes)))
    const answered = new Set(answers.flatMap((one) => [...one.keys()]))
    return workers.filter((worker) => !answered.has(worker))
  }

  /** Adjusts this process and its threads for the process that collects. */
  readonly answer = async (body: unknown): Promise<true> => {
    await this.adjust(body as object)
    return true
  }
}
