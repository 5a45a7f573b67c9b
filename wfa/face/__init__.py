"""What Python users call and no other room needs: train a run, load one."""
