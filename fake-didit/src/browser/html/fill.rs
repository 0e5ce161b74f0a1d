//! Fields that a person changes before a click.

use super::{document::Document, entry_list::option_value};

impl Document {
    /// Sets the field with this name in the form of a button.
    pub(super) fn fill(&mut self, button: usize, name: &str, value: &str) -> Result<(), String> {
        let form = self.form_owner(button).expect("the button has a form");
        let fields: Vec<_> = self
            .controls(form)
            .filter(|at| self.element(*at).attribute("name") == Some(name))
            .filter(|at| !self.element(*at).is_button())
            .collect();
        let Some(first) = fields.first().copied() else {
            return Err(format!("{} has no field {name:?}", self.element(form)));
        };
        let element = self.element(first);
        let kind = match &*element.name {
            "input" => element.kind(),
            other => other.to_owned(),
        };
        let is_fixed = kind == "hidden" || self.is_disabled(first) || element.has("readonly");
        match &*kind {
            "checkbox" | "radio" => self.check(&fields, value),
            "select" => self.select(first, value),
            "file" => Err(format!("{element} takes a file")),
            _ if is_fixed => Err(format!("{element} cannot be changed by a person")),
            "textarea" => {
                // The first newline is not part of the value.
                self.element_mut(first).text = format!("\n{value}");
                Ok(())
            }
            _ => {
                self.element_mut(first).set("value", value);
                Ok(())
            }
        }
    }

    fn check(&mut self, boxes: &[usize], value: &str) -> Result<(), String> {
        let chosen = boxes
            .iter()
            .copied()
            .find(|at| self.element(*at).attribute("value").unwrap_or("on") == value);
        let chosen = self.checked_choice(boxes, chosen, value)?;
        if self.element(chosen).kind() == "radio" {
            let group: Vec<_> = self.radio_group(chosen).collect();
            for radio in group {
                self.element_mut(radio).attributes.remove("checked");
            }
        }
        self.element_mut(chosen).set("checked", "");
        Ok(())
    }

    fn select(&mut self, select: usize, value: &str) -> Result<(), String> {
        let options: Vec<_> = self.options(select).collect();
        let chosen = options
            .iter()
            .copied()
            .find(|at| option_value(self.element(*at)) == value);
        let chosen = self.checked_choice(&[select], chosen, value)?;
        if !self.element(select).has("multiple") {
            for option in options {
                self.element_mut(option).attributes.remove("selected");
            }
        }
        self.element_mut(chosen).set("selected", "");
        Ok(())
    }

    fn checked_choice(
        &self,
        fields: &[usize],
        chosen: Option<usize>,
        value: &str,
    ) -> Result<usize, String> {
        let field = chosen
            .filter(|at| fields.contains(at))
            .or(fields.first().copied())
            .expect("a field of this name");
        let element = self.element(field);
        match chosen {
            None => Err(format!("{element} has no choice {value:?}")),
            Some(_) if self.is_disabled(field) => Err(format!("{element} is disabled")),
            Some(at) if self.is_disabled_option(at) => {
                Err(format!("{element} has the choice {value:?} disabled"))
            }
            Some(at) => Ok(at),
        }
    }
}
