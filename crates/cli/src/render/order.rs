//! The order of rows.

use rpm_proto::{Code, Fault, ProcessView};
use std::cmp::Ordering;

/// A field to sort by, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    field: Field,
    descending: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Name,
    Namespace,
    Pid,
    Id,
    Cpu,
    Memory,
    Uptime,
    Status,
}

const FIELDS: [(&str, Field); 9] = [
    ("name", Field::Name),
    ("namespace", Field::Namespace),
    ("pid", Field::Pid),
    ("id", Field::Id),
    ("pm_id", Field::Id),
    ("cpu", Field::Cpu),
    ("memory", Field::Memory),
    ("uptime", Field::Uptime),
    ("status", Field::Status),
];

/// By name, as PM2 does when nothing else is asked for.
impl Default for Order {
    fn default() -> Self {
        Self { field: Field::Name, descending: false }
    }
}

impl Order {
    /// Reads `field`, `field:asc` or `field:desc`.
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        let (name, way) = text.split_once(':').unwrap_or((text, "asc"));
        let field = FIELDS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field);
        match (field, way) {
            (Some(field), "asc" | "desc") => Ok(Self { field, descending: way == "desc" }),
            _ => Err(Fault::new(Code::Usage, format!("cannot sort by `{text}`")).help(
                "`--sort` takes name, namespace, pid, id, cpu, memory, uptime or status, \
                 and `:desc` behind it",
            )),
        }
    }

    /// Sorts rows; equal ones stay by id.
    pub(crate) fn sort(self, rows: &mut [ProcessView]) {
        rows.sort_by(|a, b| {
            let order = self.compare(a, b);
            let order = if self.descending { order.reverse() } else { order };
            order.then(a.id.cmp(&b.id))
        });
    }

    fn compare(self, a: &ProcessView, b: &ProcessView) -> Ordering {
        match self.field {
            Field::Name => a.name.cmp(&b.name),
            Field::Namespace => a.namespace.cmp(&b.namespace),
            Field::Pid => a.pid.cmp(&b.pid),
            Field::Id => a.id.cmp(&b.id),
            Field::Cpu => a.cpu.total_cmp(&b.cpu),
            Field::Memory => a.memory.cmp(&b.memory),
            // Who started later has been up for less.
            Field::Uptime => b.started_at.cmp(&a.started_at),
            Field::Status => a.status.to_string().cmp(&b.status.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::processes::tests::view;

    fn sorted(by: &str) -> Vec<u32> {
        let mut rows = vec![view(0, "b"), view(1, "a"), view(2, "b")];
        rows[1].memory = 7;
        Order::read(by).unwrap().sort(&mut rows);
        rows.iter().map(|row| row.id).collect()
    }

    #[test]
    fn rows_are_sorted_and_equal_ones_stay_by_id() {
        assert_eq!(sorted("name"), [1, 0, 2]);
        assert_eq!(sorted("name:desc"), [0, 2, 1]);
        assert_eq!(sorted("memory"), [1, 0, 2]);
        assert_eq!(sorted("memory:desc"), [0, 2, 1]);
        assert_eq!(sorted("id:desc"), [2, 1, 0]);
        assert!(Order::read("colour").is_err());
        assert!(Order::read("id:down").is_err());
    }
}
