#define MICROPY_HW_BOARD_NAME "Loa pole, ESP32-S3 N16R8"
#define MICROPY_HW_MCU_NAME "ESP32-S3"
#define MICROPY_HW_ENABLE_UART_REPL (1)
// A slot's image is a ROM file system, read into PSRAM; there is no partition of that kind.
#define MICROPY_VFS_ROM (1)
#define MICROPY_VFS_ROM_IOCTL (0)
