"""Statistics: what outcomes, trainings, hiring and attainment say together, and on how much it rests."""
