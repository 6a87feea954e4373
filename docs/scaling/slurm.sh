#!/bin/bash
# A search on two Slurm nodes of four GPUs: a Ray cluster for this job alone, and the driver on its first node.
#SBATCH --job-name=nas
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=16
#SBATCH --time=12:00:00
#SBATCH --signal=B:TERM@120
set -euo pipefail

# .venv and runs/ lie in the folder of this job, on a file system that all nodes share.
cd "$SLURM_SUBMIT_DIR"
source .venv/bin/activate

# Since Slurm 22.05, srun gives a step one core unless it is told this again.
export SRUN_CPUS_PER_TASK="$SLURM_CPUS_PER_TASK"

# Whoever reaches Ray's port without this token is turned away. Ray reads the file, so the token is in no log.
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH="$PWD/.ray-token" RAY_USAGE_STATS_ENABLED=0
(umask 077; [ -s "$RAY_AUTH_TOKEN_PATH" ] || python -c 'import secrets; print(secrets.token_hex(32), end="")' > "$RAY_AUTH_TOKEN_PATH")

head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
port=6379
srun --nodes=1 --ntasks=1 --nodelist="$head" --overlap \
    ray start --head --node-ip-address="$head" --port=$port --num-gpus=4 --num-cpus=16 \
    --include-dashboard=false --block &
sleep 20
srun --nodes=$((SLURM_NNODES - 1)) --ntasks=$((SLURM_NNODES - 1)) --exclude="$head" --overlap \
    ray start --address="$head:$port" --num-gpus=4 --num-cpus=16 --block &
sleep 20

# Two workers on each of eight GPUs. The same script resumes the study when the time is over.
srun --nodes=1 --ntasks=1 --nodelist="$head" --overlap \
    nas search preset=gpu study=cluster executor=ray executor.address="$head:$port" \
    executor.gpus_per_job=0.5 workers=16
