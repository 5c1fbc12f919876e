package Farm::Policy; 1;
