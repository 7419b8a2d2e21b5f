/** A name that is to stand beside its mark, in pixels. */
export interface MarkLabel {
  readonly text: string
  readonly x: number
}

export interface PlacedLabel extends MarkLabel {
  readonly maxWidth: number
}

/** A shorter piece of a name does not tell what it is. */
const minWidth = 80

/**
 * Returns the names that have room at the right of their marks, with the room that they have: up to the next mark, or the end. `labels` are
 * sorted by `x`.
 */
export function placeLabels(labels: readonly MarkLabel[], startX: number, endX: number): readonly PlacedLabel[] {
  return labels.flatMap((label, index) => {
    const x = Math.max(label.x, startX)
    const maxWidth = Math.min(labels[index + 1]?.x ?? endX, endX) - x
    return maxWidth < minWidth ? [] : [{ ...label, x, maxWidth }]
  })
}
