import type { Others } from './group-operations.ts'

/** Settings of one process that can be changed while it runs. */
export interface LocalSettings<Setting, Change> {
  /** The settings with their values. */
  list(): readonly Setting[]
  /** Changes some; returns those whose value was another one. @throws Error if a change is not valid; then none is changed. */
  adjust(changes: object): readonly Change[]
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

export interface GroupSettingsOptions<Setting, Change> {
  readonly own: LocalSettings<Setting, Change>
  /** Called with the changes that were made in all processes. */
  readonly onChange: (changes: readonly Change[]) => void
  /** The other processes and threads. */
  readonly others: () => readonly Others[]
  /** Returns their labels. */
  readonly otherWorkers: () => readonly string[]
}

/** The settings of this process, and of those that it collects from. */
export class GroupSettings<Setting, Change> implements SettingsSource<Setting> {
  readonly #options: GroupSettingsOptions<Setting, Change>

  constructor(options: GroupSettingsOptions<Setting, Change>) {
    this.#options = options
  }

  list(): readonly Setting[] {
    return this.#options.own.list()
  }

  async adjust(changes: object): Promise<readonly string[]> {
    const { own, onChange } = this.#options
    onChange(own.adjust(changes))
    return this.#adjustOthers(changes)
  }

  /** Adjusts this process and its threads for the process that collects. */
  readonly answer = async (body: unknown): Promise<true> => {
    this.#options.own.adjust(body as object)
    await this.#adjustOthers(body as object)
    return true
  }

  async #adjustOthers(changes: object): Promise<readonly string[]> {
    const { others, otherWorkers } = this.#options
    const workers = otherWorkers()
    const answers = await Promise.all(others().map((one) => one.askAll('settings', changes)))
    const answered = new Set(answers.flatMap((one) => [...one.keys()]))
    return workers.filter((worker) => !answered.has(worker))
  }
}
