import { Empty } from '../../components/notices.tsx'

export function HealthView() {
  return <Empty>This part of the console is not ready yet.</Empty>
}
