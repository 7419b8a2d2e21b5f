import { Box, Text } from 'ink'
import type { ReactNode } from 'react'

/** One line. What does not fit is cut off; it never wraps. */
export function Line({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <Box height={1} flexShrink={0}>
      <Text wrap="truncate-end">{children}</Text>
    </Box>
  )
}
