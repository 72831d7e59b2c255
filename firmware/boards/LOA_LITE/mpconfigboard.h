#define MICROPY_HW_BOARD_NAME "Loa pole, ESP32"
#define MICROPY_HW_MCU_NAME "ESP32"
// No MICROPY_VFS_ROM: without PSRAM there is no memory for a slot's image. The program changes with the core image.
