"""BigEarthNet v2 and BigEarthNet.txt: bands, image stores, annotation rows and their texts."""
